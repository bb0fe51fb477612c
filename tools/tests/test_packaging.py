"""The settings file and the manual page of the Debian package are made from whole tables. Run by tools/check."""

import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
PACKAGING = pathlib.Path(__file__).resolve().parents[1] / "packaging"
sys.path.insert(0, str(PACKAGING))
import settings  # noqa: E402

loader = importlib.machinery.SourceFileLoader("man_page", str(PACKAGING / "man-page"))
man_page = importlib.util.module_from_spec(importlib.util.spec_from_loader("man_page", loader))
loader.exec_module(man_page)


class Settings(unittest.TestCase):
    def read(self, *rows):
        with tempfile.NamedTemporaryFile("w", suffix=".md") as file:
            file.write("\n".join(rows))
            file.flush()
            return settings.read_settings(pathlib.Path(file.name))

    def test_a_row_is_read_with_its_default(self):
        rows = self.read(
            "| `A_TEXT` (`--a-text`) | `text` | – | help, see [TLS](#tls) |",
            "| `A_NUMBER` | 17 | applies | `code` |",
            "| `NOTHING` | – | – | help |",
            "| `COMPUTED` | one per core | applies | help |",
            "| `A_LIMIT` | `RLIMIT_NOFILE` | – | help |",
            "| `MIXED` | `text` on a terminal, else `json` | – | help |",
        )
        self.assertEqual(
            [tuple(row) for row in rows],
            [
                ("A_TEXT", "--a-text", "text", None, "help, see TLS"),
                ("A_NUMBER", None, "17", None, "code"),
                ("NOTHING", None, None, None, "help"),
                ("COMPUTED", None, None, "one per core", "help"),
                ("A_LIMIT", None, None, "RLIMIT_NOFILE", "help"),
                ("MIXED", None, None, "text on a terminal, else json", "help"),
            ],
        )

    def test_a_page_without_a_table_is_refused(self):
        with self.assertRaises(SystemExit):
            self.read("# No table")

    def test_every_row_of_the_table_is_read(self):
        section = settings.TABLE.read_text(encoding="utf-8").split("\n## Settings\n")[1].split("\n## ")[0]
        table = section.split("\n### ")[0]
        names = re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE)
        self.assertEqual([row.name for row in settings.read_settings()], names)

    def test_the_settings_file_has_every_setting_once(self):
        text = subprocess.run([str(PACKAGING / "environment-file")], check=True, capture_output=True, text=True).stdout
        names = re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)
        self.assertEqual(names, [row.name for row in settings.read_settings()])
        self.assertTrue(all(len(line) <= 120 for line in text.splitlines()))


class ManPage(unittest.TestCase):
    def test_text_is_no_request_and_keeps_its_hyphens(self):
        self.assertEqual(man_page.escaped(".env a\\b\n'quoted' --flag"), "\\&.env a\\eb\n\\&'quoted' \\-\\-flag")

    def test_commands_and_their_arguments_are_named(self):
        text = {"shouldDisplay": True, "isOptional": True, "kind": "option", "valueName": "store"}
        option = {**text, "abstract": "Where.", "defaultValue": "here", "names": [{"kind": "long", "name": "store"}]}
        shop = {**text, "abstract": "Which.", "isOptional": False, "kind": "positional", "valueName": "shop"}
        create = {"commandName": "create", "shouldDisplay": True, "abstract": "Makes one.", "arguments": [option, shop]}
        group = {"commandName": "shop", "shouldDisplay": True, "abstract": "Shops.", "subcommands": [create]}
        page = man_page.page(
            {"commandName": "tool", "shouldDisplay": True, "abstract": "A tool.", "subcommands": [group]}, "1", "2000-01-01"
        )
        self.assertIn("\n\\fBtool shop create\\fR [\\fIoptions\\fR] \\fIshop\\fR\n", page)
        self.assertIn("\n.TP\n\\fB\\-\\-store\\fR \\fIstore\\fR\nWhere. (default: here)\n", page)


if __name__ == "__main__":
    unittest.main()
