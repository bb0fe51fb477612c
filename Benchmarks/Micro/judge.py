"""Compares what `micro` measured with thresholds.json, prints the table, and rewrites the thresholds when asked to.

Allocations of an operation may not exceed their threshold at all. Instructions may by the tolerance, since a compiler's
next version moves them a little. Times are shown and never judged. See README.md.
"""

import argparse
import json
import math
import pathlib
import re
import sys

TOLERANCE_DEFAULT = 0.05


def read_lines(path):
    """The lines of JSON that `micro` printed, by the benchmark's name."""
    rows = (json.loads(line) for line in pathlib.Path(path).read_text().splitlines() if line.startswith("{"))
    return {row["name"]: row for row in rows}


def read_callgrind(folder):
    """Instructions per operation by name. `marked.jsonl` names the batches in the order of callgrind's dumps."""
    batches = read_lines(folder / "marked.jsonl").values()
    counted = {}
    for number, batch in enumerate(batches, start=1):
        total = re.search(r"^summary: (\d+)$", (folder / f"out.{number}").read_text(), re.MULTILINE)
        counted[batch["name"]] = int(total.group(1)) / batch["batchOperationCount"]
    return counted


def judge(measured, instructions, thresholds, is_whole):
    """Returns {name: [complaint, …]}, with an empty list for what is within its thresholds.

    `instructions` is None when they were not counted. `is_whole`: every benchmark ran, so each threshold must be met
    with one.
    """
    tolerance = thresholds.get("instruction_tolerance", TOLERANCE_DEFAULT)
    limits = thresholds.get("benchmarks", {})
    verdicts = {}
    for name, row in measured.items():
        found = verdicts[name] = []
        limit = limits.get(name)
        if limit is None:
            found.append("has no threshold")
            continue
        if row["allocations"] > limit["allocations"]:
            found.append(f"allocates {row['allocations']:g}, at most {limit['allocations']:g} are allowed")
        if instructions is None or (name not in instructions and "instructions" not in limit):
            continue
        if name not in instructions or "instructions" not in limit:
            found.append("has instructions without a threshold, or the reverse")
        elif instructions[name] > limit["instructions"] * (1 + tolerance):
            share = instructions[name] / limit["instructions"] - 1
            found.append(
                f"takes {instructions[name]:.1f} instructions, {share:.1%} over {limit['instructions']:g};"
                f" {tolerance:.0%} are allowed"
            )
    if is_whole:
        for name in sorted(set(limits) - set(measured)):
            verdicts[name] = ["has a threshold and was not measured"]
    return verdicts


def updated(measured, instructions, thresholds):
    """The thresholds that what was measured just meets. Those of benchmarks that did not run stay."""
    benchmarks = dict(thresholds.get("benchmarks", {}))
    for name, row in measured.items():
        # Rounded up, so that the figure itself is within it.
        benchmarks[name] = {"allocations": math.ceil(row["allocations"] * 1_000 - 1e-6) / 1_000}
        if name in instructions:
            benchmarks[name]["instructions"] = round(instructions[name], 1)
    return {
        "instruction_tolerance": thresholds.get("instruction_tolerance", TOLERANCE_DEFAULT),
        "benchmarks": dict(sorted(benchmarks.items())),
    }


def table(measured, instructions, limits):
    """The lines of the table."""

    def cell(value, digits):
        return "" if value is None else f"{value:,.{digits}f}"

    lines = [
        f"{'benchmark':<24}{'median ns':>12}{'least ns':>12}{'allocations':>13}{'at most':>9}"
        f"{'instructions':>14}{'threshold':>12}"
    ]
    for name, row in measured.items():
        limit = limits.get(name, {})
        lines.append(
            f"{name:<24}{cell(row.get('nanosecondsMedian'), 1):>12}{cell(row.get('nanosecondsMin'), 1):>12}"
            f"{row['allocations']:>13.4g}{limit.get('allocations', ''):>9}"
            f"{cell((instructions or {}).get(name), 1):>14}{cell(limit.get('instructions'), 1):>12}"
            f"  {row['operation']}"
        )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measured", help="what `micro` printed")
    parser.add_argument("--callgrind", type=pathlib.Path, help="the folder of callgrind's dumps and marked.jsonl")
    parser.add_argument("--thresholds", type=pathlib.Path, required=True)
    parser.add_argument("--partial", action="store_true", help="not every benchmark ran")
    parser.add_argument("--update", action="store_true", help="make what was measured the thresholds")
    arguments = parser.parse_args()

    measured = read_lines(arguments.measured)
    instructions = read_callgrind(arguments.callgrind) if arguments.callgrind else None
    text = arguments.thresholds.read_text() if arguments.thresholds.exists() else ""
    thresholds = json.loads(text or "{}")
    if arguments.update:
        if instructions is None:
            parser.error("--update needs the instructions too")
        thresholds = updated(measured, instructions, thresholds)
        arguments.thresholds.write_text(json.dumps(thresholds, indent=4) + "\n")

    print("\n".join(table(measured, instructions, thresholds.get("benchmarks", {}))))
    verdicts = judge(measured, instructions, thresholds, is_whole=not arguments.partial)
    for name, complaints in verdicts.items():
        for complaint in complaints:
            print(f"FAILED: {name} {complaint}", file=sys.stderr)
    failed = sum(1 for complaints in verdicts.values() if complaints)
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
