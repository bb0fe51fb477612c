"""The server's settings, from their table in Sources/Server/README.md, which a unit test compares with the code."""

import pathlib
import re
import typing

TABLE = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "Server" / "README.md"
# `| `NAME` (`--flag`) | default | whether SIGHUP applies it | help |`; a default that is code or a number is a value, unless it names a limit of the
# process.
ROW = re.compile(r"\| `(?P<name>[A-Z_]+)`(?: \(`(?P<flag>--[a-z-]+)`\))? \| (?P<default>.*?) \| (?:applies|–) \| (?P<help>.*) \|$")
VALUE = re.compile(r"`(?!RLIMIT_)([^`]*)`$|(\d+)$")


class Setting(typing.NamedTuple):
    name: str
    flag: typing.Optional[str]
    value: typing.Optional[str]  # the default, as the variable has it
    default: typing.Optional[str]  # the default in words, when it is not a value
    help: str


def plain(markdown):
    """Markdown without its marks; a link is its text."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "")


def read_settings(path=TABLE):
    """All rows, in the order of the table."""
    settings = []
    for match in filter(None, map(ROW.match, path.read_text(encoding="utf-8").splitlines())):
        default, value = match["default"], VALUE.match(match["default"])
        settings.append(
            Setting(
                match["name"], match["flag"],
                (value[1] or value[2]) if value else None,
                None if value or default == "–" else plain(default),
                plain(match["help"]),
            )
        )  # fmt: skip
    if not settings:
        raise SystemExit(f"{path.name} has no table of settings")
    return settings


def read_secret_files(path=TABLE):
    """The settings whose value may be in a file that NAME_FILE names: those of the section on secrets."""
    section = path.read_text(encoding="utf-8").split("\n### Secrets\n")[1].split("\n### ")[0]
    rows = {setting.name for setting in read_settings(path)}
    return {name for name in re.findall(r"`([A-Z_]+)_FILE`", section) if f"{name}_FILE" not in rows}
