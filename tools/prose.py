"""The words that prose here does without, each with what to say instead, and where prose is.

Prose is: Markdown; comments and string literals of Swift in Sources; comments of the demo page; comments and docstrings
of Python and shell scripts. Text in backticks is code wherever it appears, and is skipped.
"""

import ast
import io
import re
import tokenize

from swift_text import prose_only

# What separates two words: a phrase may go on in the next line.
_GAP = r"(?:[ \t]+(?:\n[ \t]*)?|\n[ \t]*)"

# Patterns of whole words, case aside, with what to say instead. A space matches a gap.
_TABLE = [
    # The actor has a name: the client, the peer, the caller, another node, another service, the kernel.
    (r"somebody|nobody|anybody|everybody|whoever|who has", "name the actor: the client, the peer, the caller"),
    (r"strangers?", "name the actor: an unauthenticated client, another service, another node"),
    # The field's verbs.
    (r"told", "notified, sent, logged, reported, or what the actor receives"),
    (r"under way", "in flight, pending, running"),
    (r"what (?:became|becomes|came|comes) of", "the result of, the outcome of"),
    (r"anew", "again, new"),
    (r"for ever", "without limit, until the process ends"),
    (r"g[ai]v(?:e|es|en|ing)(?: (?:it|them|that|this|one|(?:its|the|their|a) \w+))? back", "release, return"),
    (r"stands? (?:in(?! for)|on|behind|below|above|beside|there|here|already)", "is in, follows, exists"),
    # One word per idea.
    (r"laggards?", "detached or trailing subscriber; slow consumer when it is over its limit"),
    (r"parcels?", "transfer"),
    (r"group sends?", "trySend of many subscribers"),
    (r"broadcast(?:s|ing|ed)?", "publish, publication (metrics keep their names)"),
]
WORDS = [(re.compile(rf"\b(?:{pattern.replace(' ', _GAP)})\b", re.IGNORECASE), advice) for pattern, advice in _TABLE]

_MARK = re.compile(r"^[ \t]*(?:#+|//+)", re.MULTILINE)
_CODE_SPAN = re.compile(r"`[^`\n]+`")
_SHELL_COMMENT = re.compile(r"(?:^|(?<=\s))#(?!!)[^\n]*", re.MULTILINE)
_PAGE_COMMENT = re.compile(r"<!--.*?-->|/\*.*?\*/|(?:^|(?<=\s))//[^\n]*", re.MULTILINE | re.DOTALL)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def _only(text, spans):
    """`text` with all but `spans` turned into blanks. The marks of comments are blanks too."""
    pieces, index = [], 0
    for start, end in sorted(spans):
        pieces += [_blank(text[index:start]), _MARK.sub(lambda match: _blank(match.group()), text[start:end])]
        index = end
    return "".join(pieces) + _blank(text[index:])


def _matches(pattern, text):
    return [match.span() for match in pattern.finditer(text)]


def _python_spans(text):
    """Comments and docstrings."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = text.splitlines(keepends=True)

    def offset(row, byte_column):
        return starts[row - 1] + len(lines[row - 1].encode()[:byte_column].decode())

    spans = [
        (starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1])
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and not token.string.startswith("#!")
    ]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            spans.append((offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)))
    return spans


def prose_of(name, text):
    """The prose of a file, its lines numbered as in the file; None when it has none that is read here."""
    first = text.split("\n", 1)[0]
    is_script = first.startswith("#!")
    if name.endswith(".md"):
        return text
    if name.endswith(".swift"):
        return prose_only(text) if name.startswith("Sources/") else None
    if name.endswith(".py") or (is_script and "python" in first):
        try:
            return _only(text, _python_spans(text))
        except (SyntaxError, tokenize.TokenError):
            return None  # tools/check reports it
    if name.endswith(".sh") or (is_script and "sh" in first.split("/")[-1]):
        return _only(text, _matches(_SHELL_COMMENT, text))
    if name.endswith(".html") and name.startswith("Sources/"):
        return _only(text, _matches(_PAGE_COMMENT, text))
    return None


def uses(name, text):
    """Yields `(line, word, advice)` for each word of the table that the file's prose uses, in the order of the lines."""
    prose = prose_of(name, text)
    if prose is None:
        return []
    prose = _CODE_SPAN.sub(lambda match: _blank(match.group()), prose)
    found = []
    for pattern, advice in WORDS:
        for match in pattern.finditer(prose):
            found.append((prose.count("\n", 0, match.start()) + 1, " ".join(match.group().split()), advice))
    return sorted(found)
