"""Reading Swift source as far as the checks need it: with comments and string literals blanked out."""

import re

_TOKEN = re.compile(
    r"""
    (?P<line>//[^\n]*)
  | (?P<block>/\*)
  | (?P<raw>(?P<hashes>\#+)(?P<rawquote>\"\"\"|\"))
  | (?P<multi>\"\"\")
  | (?P<string>\"(?:\\.|[^"\\\n])*\")
    """,
    re.VERBOSE,
)


def _end_of_block_comment(text, start):
    """The index behind the block comment that opens at `start`; comments nest in Swift."""
    depth, index = 0, start
    for match in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if match.group() == "/*" else -1
        index = match.end()
        if depth == 0:
            return index
    return len(text)


def _end_of_multiline_string(text, start):
    """The index behind a multi-line string whose content begins at `start`."""
    while True:
        end = text.find('"""', start)
        if end < 0:
            return len(text)
        backslashes = len(text[:end]) - len(text[:end].rstrip("\\"))
        if backslashes % 2 == 0:
            return end + 3
        start = end + 1


def _blank(text):
    return "".join("\n" if character == "\n" else " " for character in text)


def code_only(text):
    """`text` with comments and string literals turned into blanks; lines keep their numbers.

    What is interpolated into a string is blanked with it: no rule here needs to look inside.
    """
    pieces, index = [], 0
    while True:
        match = _TOKEN.search(text, index)
        if match is None:
            pieces.append(text[index:])
            return "".join(pieces)
        pieces.append(text[index : match.start()])
        if match.lastgroup == "line" or match.group("line") is not None:
            end = match.end()
        elif match.group("block") is not None:
            end = _end_of_block_comment(text, match.start())
        elif match.group("raw") is not None:
            closing = match.group("rawquote") + match.group("hashes")
            found = text.find(closing, match.end())
            end = len(text) if found < 0 else found + len(closing)
        elif match.group("multi") is not None:
            end = _end_of_multiline_string(text, match.end())
        else:
            end = match.end()
        pieces.append(_blank(text[match.start() : end]))
        index = end
