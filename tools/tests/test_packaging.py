"""The settings file and the manual page of the Debian package are made from whole tables, and the links of its documents
lead somewhere. Run by tools/check."""

import importlib.machinery
import importlib.util
import os
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


def program(name):
    """A program of tools/packaging as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(PACKAGING / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


man_page = program("man-page")
documents = program("documents")
SOURCES = PACKAGING.parents[1] / "Sources"


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

    def test_every_setting_and_every_file_of_a_secret_has_its_help(self):
        page = man_page.page({"commandName": "tool", "shouldDisplay": True, "abstract": "A tool."}, "1", "2000-01-01")
        titles = re.findall(r"^\.TP\n\\fB([A-Z_]+)\\fR$", page, re.MULTILINE)
        secrets = ["SHOPSTREAM_ADMIN_SECRET_FILE", "SHOPSTREAM_STORE_FILE", "AUTH_JWT_SECRET_FILE"]
        self.assertEqual([name for name in titles if name in secrets], secrets)
        names = [row.name for row in settings.read_settings()]
        self.assertEqual([name for name in titles if name not in secrets], names)

    def test_every_status_that_the_command_ends_with_is_explained(self):
        commands = "".join(path.read_text(encoding="utf-8") for path in SOURCES.joinpath("shopstream").rglob("*.swift"))
        used = set(re.findall(r"\bstatus: (\d+)\)", commands))
        for path in SOURCES.rglob("*.swift"):
            text = path.read_text(encoding="utf-8")
            for body in re.findall(r"var exitStatus: Int32 \{(.*?)\n? *\}\n", text, re.DOTALL):
                used |= set(re.findall(r"\b\d+\b", body))
        self.assertLessEqual({"64", "69", "71", "74", "77", "78"}, used)
        self.assertLessEqual(used, {status for status, _ in man_page.STATUSES})


class Documents(unittest.TestCase):
    def test_links_lead_to_what_is_installed_or_become_text(self):
        self.assertEqual(
            documents.rewritten(
                "[a\nb](../../Sources/Server/README.md#tls) [c](../proxies/nginx.conf) [d](../test) [e](#container)\n"
                "[f](https://example.org/)\n```sh\n[g](h)\n```\n\n## Container\n",
                "tools/packaging/README.md",
            ),
            "[a\nb](OPERATING.md#tls) [c](examples/proxies/nginx.conf) d [e](#container)\n"
            "[f](https://example.org/)\n```sh\n[g](h)\n```\n\n## Container\n",
        )

    def test_the_first_message_takes_the_reading_and_typing_that_the_readme_states(self):
        introduction, section = documents.read("tools/packaging/README.md").split("\n## ")[:2]
        character_count = sum(map(len, re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)))
        word_count = len((introduction + section.split("\nThen: ")[0]).split())
        words, characters = re.search(r"some (\d+) words.*? ([\d,]+) characters", section, re.DOTALL).groups()
        self.assertAlmostEqual(word_count, int(words), delta=20)
        self.assertAlmostEqual(character_count, int(characters.replace(",", "")), delta=50)

    def test_a_link_without_a_target_is_refused(self):
        for link in ("nothing.md", "#nothing", "../README.md#nothing"):
            with self.assertRaises(SystemExit):
                documents.rewritten(f"[a]({link})", "tools/packaging/README.md")

    def test_no_link_of_an_installed_document_is_dead(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([str(PACKAGING / "documents"), folder], check=True)
            for path in pathlib.Path(folder).rglob("*.md"):
                for target in documents.LINK.findall(documents.FENCED.sub("", path.read_text(encoding="utf-8"))):
                    name, _, anchor = target[1].partition("#")
                    if re.match(r"[a-z]+:", name):
                        continue
                    goal = pathlib.Path(os.path.normpath(path.parent / name)) if name else path
                    self.assertTrue(goal.is_file(), f"{path}: {target}")
                    if anchor:
                        self.assertIn(anchor, documents.anchors(goal.read_text(encoding="utf-8")), f"{path}: {target}")


if __name__ == "__main__":
    unittest.main()
