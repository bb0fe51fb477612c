"""Reading Swift source as far as the checks need it: its code alone, or its comments and string literals alone."""

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


def _spans(text):
    """Yields `(start, end, is_comment)` for each comment and each string literal of `text`, in order."""
    index = 0
    while True:
        match = _TOKEN.search(text, index)
        if match is None:
            return
        if match.group("block") is not None:
            end = _end_of_block_comment(text, match.start())
        elif match.group("raw") is not None:
            closing = match.group("rawquote") + match.group("hashes")
            found = text.find(closing, match.end())
            end = len(text) if found < 0 else found + len(closing)
        elif match.group("multi") is not None:
            end = _end_of_multiline_string(text, match.end())
        else:
            end = match.end()
        yield match.start(), end, match.group("line") is not None or match.group("block") is not None
        index = end


def code_only(text):
    """`text` with comments and string literals turned into blanks; lines keep their numbers.

    What is interpolated into a string is blanked with it: no rule here needs to look inside.
    """
    pieces, index = [], 0
    for start, end, _ in _spans(text):
        pieces += [text[index:start], _blank(text[start:end])]
        index = end
    return "".join(pieces) + text[index:]


# A level of parentheses within an interpolation; deeper ones are rare and leave a rest of code in the prose.
_INTERPOLATION = re.compile(r"\\\((?:[^()]|\([^()]*\))*\)")
_COMMENT_MARK = re.compile(r"^([ \t]*)(/{2,4}|/\*+|\*+/?)", re.MULTILINE)


def prose_only(text):
    """`text` with all but comments and string literals turned into blanks; lines keep their numbers.

    The marks of comments, what is interpolated into a string and a backslash at the end of a line are blanks too, so
    that a sentence goes on over the end of a line.
    """
    pieces, index = [], 0
    for start, end, is_comment in _spans(text):
        span = text[start:end]
        if is_comment:
            span = _COMMENT_MARK.sub(lambda match: _blank(match.group()), span)
        else:
            span = _INTERPOLATION.sub(lambda match: _blank(match.group()), span).replace("\\\n", " \n")
        pieces += [_blank(text[index:start]), span]
        index = end
    return "".join(pieces) + _blank(text[index:])
