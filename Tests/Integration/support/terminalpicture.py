"""A picture of a terminal's screen, for people to look at."""

import html
import pathlib

STYLES = {
    "1": "font-weight: bold", "2": "opacity: .6", "7": "background: #ddd; color: #111",
    "1;31": "color: #ff6b60; font-weight: bold",
}  # fmt: skip


def save_picture(browser, screen, folder, path):
    """Draws the cells in a page of the browser and saves it."""
    rows = []
    for row in screen.cells:
        cells = (f'<span style="{STYLES.get(style, "")}">{html.escape(text)}</span>' for text, style in row)
        rows.append("".join(cells))
    page = pathlib.Path(folder) / "terminal.html"
    page.write_text(
        '<!doctype html><meta charset="utf-8"><body style="margin: 8px; background: #111; color: #ddd">'
        f'<pre style="font: 14px/1.25 monospace; margin: 0">{chr(10).join(rows)}</pre>'
    )
    browser.open(page.as_uri(), width=9 * screen.columns, height=18 * screen.rows + 16).screenshot(path)
