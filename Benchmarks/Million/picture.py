"""A picture of a run: what happened second by second, as four panels of one SVG over the same time."""

import dataclasses
import html
import math

WIDTH, PANEL_HEIGHT, GAP = 900, 130, 52
LEFT, RIGHT, TOP = 78, 150, 30
INK, PALE = "#333", "#ddd"
COLORS = ("#1f6fb4", "#d1581b", "#3c8d40")
# What a distance between two lines of the grid may begin with.
STEPS = (1, 2, 5, 10)
GRID_LINES_MAX = 5
TIME_GRID_LINES_MAX = 12


@dataclasses.dataclass(frozen=True)
class Panel:
    """A title with the unit, and lines: (name, points (seconds, value))."""

    title: str
    lines: tuple

    @property
    def top(self):
        return max((value for _, points in self.lines for _, value in points), default=0) or 1


def step_of(span, lines_max):
    """The distance between the lines of a grid: 1, 2 or 5 times a power of ten, of which so many fit."""
    smallest = span / lines_max
    power = 10 ** math.floor(math.log10(smallest))
    return next(factor * power for factor in STEPS if factor * power >= smallest * (1 - 1e-9))


def grid(span, lines_max):
    """The values of the lines of a grid, from 0 to the span."""
    step = step_of(span, lines_max)
    return [index * step for index in range(math.floor(span / step * (1 + 1e-9)) + 1)]


def label(value):
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.2g}"


def rates(samples, field, start):
    """Processors that a process used from sample to sample, as points."""
    return [
        (after.time - start, (getattr(after, field) - getattr(before, field)) / (after.time - before.time))
        for before, after in zip(samples, samples[1:])
        if after.time > before.time
    ]


def panels_of(samples, seconds, phases):
    """The panels of a run, of the machine's samples and of the seconds of a report of `shopload`."""
    start = phases.connect

    def gib(value):
        return [(sample.time - start, value(sample) / (1 << 30)) for sample in samples]

    def latency(name):
        return [(second["second"], second["latency"][name] / 1e6) for second in seconds if second["latency"]["count"]]

    slab = samples[0].memory.slab if samples else 0
    return [
        Panel("Open streams", (("streams", [(second["second"], second["openConnections"]) for second in seconds]),)),
        Panel("Memory, GiB", (
            ("server", gib(lambda sample: sample.server_resident)),
            ("generator", gib(lambda sample: sample.generator_resident)),
            ("kernel, both ends", gib(lambda sample: max(sample.memory.slab - slab, 0))),
        )),
        Panel("CPU, processors", (
            ("server", rates(samples, "server_seconds", start)),
            ("generator", rates(samples, "generator_seconds", start)),
            ("whole machine", rates(samples, "machine_seconds", start)),
        )),
        Panel("POST to delivery, ms", (("p50", latency("p50")), ("p99", latency("p99")))),
    ]  # fmt: skip


def text(x, y, words, anchor="start", color=INK):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{color}">{html.escape(words)}</text>'


def line(x1, y1, x2, y2, color=PALE, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"{more}/>'


def drawn(panel, top, span, marks):
    """The elements of a panel whose plot begins at `top`."""
    bottom, right = top + PANEL_HEIGHT, WIDTH - RIGHT

    def x_of(second):
        return LEFT + second / span * (right - LEFT)

    def y_of(value):
        return bottom - value / panel.top * PANEL_HEIGHT

    parts = [text(LEFT, top - 10, panel.title)]
    for value in grid(panel.top, GRID_LINES_MAX):
        parts += [line(LEFT, y_of(value), right, y_of(value)), text(LEFT - 6, y_of(value) + 4, label(value), "end")]
    for name, second in marks:
        parts.append(line(x_of(second), top, x_of(second), bottom, INK, ' stroke-dasharray="3 3"'))
        parts.append(text(x_of(second) + 4, top - 10, name) if second > 0 and panel.title == "Open streams" else "")
    for index, (name, points) in enumerate(panel.lines):
        color = COLORS[index % len(COLORS)]
        seen = [(second, value) for second, value in points if 0 <= second <= span]
        path = " ".join(f"{x_of(second):.1f},{y_of(value):.1f}" for second, value in seen)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        parts.append(text(right + 10, top + 12 + 16 * index, name, color=color))
    return parts


def svg(samples, seconds, phases):
    """The picture. Vertical lines are where the hold and the messages begin."""
    span = max(phases.end - phases.connect, 1)
    marks = [("hold", phases.hold - phases.connect), ("messages", phases.post - phases.connect)]
    panels = panels_of(samples, seconds, phases)
    height = TOP + len(panels) * (PANEL_HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for index, panel in enumerate(panels):
        parts += drawn(panel, TOP + index * (PANEL_HEIGHT + GAP), span, marks)
    bottom = TOP + len(panels) * (PANEL_HEIGHT + GAP) - GAP + 18
    for second in grid(span, TIME_GRID_LINES_MAX):
        parts.append(text(LEFT + second / span * (WIDTH - RIGHT - LEFT), bottom, label(second), "middle"))
    parts.append(text(WIDTH - RIGHT + 24, bottom, "seconds"))
    return "\n".join([*(part for part in parts if part), "</svg>"]) + "\n"
