"""The checks notice what they are there for, and nothing else. Run by tools/check."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOOLS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))
import prose
from swift_text import code_only, prose_only


def load(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(TOOLS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


check_imports = load("check-imports")
check_rules = load("check-rules")


class Tree(unittest.TestCase):
    """A throw-away project."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def imports(self, name, text):
        self.write(name, text)
        return check_imports.violations(self.root)


class Imports(Tree):
    def refused(self, text, what):
        found = self.imports("Sources/Hub/Shard.swift", text)
        self.assertEqual(len(found), 1, f"{text!r} gave {found}")
        self.assertIn(what, found[0])

    def test_what_the_table_allows_passes(self):
        self.assertEqual(self.imports("Sources/Hub/Shard.swift", "import Primitives\n\nstruct Shard {}\n"), [])

    def test_every_spelling_of_a_forbidden_import_is_noticed(self):
        for text in (
            "import Reactor\n",
            "  import   Reactor // why\n",
            "import\n    Reactor\n",
            "import Primitives; import Reactor\n",
            "import struct Reactor.Ring\n",
            "import func Reactor.run\n",
            "import Reactor.Submodule\n",
            "import `Reactor`\n",
            "internal import Reactor\n",
            "public import Reactor\n",
            "@preconcurrency import Reactor\n",
            "@preconcurrency\nimport Reactor\n",
            "#if os(Linux)\nimport Reactor\n#endif\n",
            "#if canImport(Glibc)\n    private import enum Reactor.Mode\n#endif\n",
            'let text = "a"\nimport Reactor\n',
            "/* a /* nested */ comment */ import Reactor\n",
            "import Reactor",
        ):
            with self.subTest(text=text):
                self.refused(text, "imports Reactor; Sources/Hub may import Primitives")

    def test_an_import_after_a_comment_on_its_line_is_noticed(self):
        self.refused("/* */ @preconcurrency import Glibc\n", "imports Glibc")

    def test_ways_around_the_table_are_refused_though_the_module_is_allowed(self):
        for attribute in ("@_exported", "@testable", "@_implementationOnly", "@_spi(Inner)"):
            with self.subTest(attribute=attribute):
                self.refused(f"{attribute} import Primitives\n", attribute.split("(")[0])

    def test_a_package_import_is_refused_where_generic_code_is_specialised_above(self):
        found = self.imports("Sources/API/Handler.swift", "package import Primitives\n")
        self.assertEqual(len(found), 1, found)
        self.assertIn("would not be specialised", found[0])
        text = "public import Primitives\ninternal import JSON\n"
        self.assertEqual(self.imports("Sources/API/Handler.swift", text), [])

    def test_the_attribute_is_noticed_after_others(self):
        self.refused("@preconcurrency @_exported public import Primitives\n", "@_exported")

    def test_the_line_is_named(self):
        self.refused("// a\n\nimport Primitives\nimport HTTP\n", "Sources/Hub/Shard.swift:4:")

    def test_text_that_only_looks_like_an_import_passes(self):
        text = (
            "// import Reactor\n/* import Reactor */\n/// import Reactor\nimport Primitives\n"
            'let one = "import Reactor"\nlet two = """\n    import Reactor\n    """\n'
            'let three = #"\nimport Reactor "# \n'
            "func important() { importReactor() }\nlet x = important.import\n"
        )
        self.assertEqual(self.imports("Sources/Hub/Shard.swift", text), [])

    def test_subfolders_belong_to_their_module(self):
        found = self.imports("Sources/Hub/Unsafe/Bytes.swift", "import Server\n")
        self.assertEqual(len(found), 1)

    def test_a_folder_without_a_row_is_refused(self):
        self.assertIn("has no row", self.imports("Sources/Extra/Extra.swift", "struct Extra {}\n")[0])

    def test_the_load_generator_stays_an_independent_judge(self):
        for module in ("Hub", "Server", "Auth", "Storage"):
            with self.subTest(module=module):
                found = self.imports("Benchmarks/LoadGenerator/Load.swift", f"import {module}\n")
                self.assertEqual(len(found), 1)

    def test_the_table_has_no_cycle(self):
        rows = {folder.split("/")[1]: row for folder, row in check_imports.ALLOWED.items()}

        def reach(module, path):
            self.assertNotIn(module, path, "a cycle")
            for below in rows.get(module, ()):
                reach(below, path + [module])

        for module in rows:
            reach(module, [])

    def test_the_command_fails_and_prints_the_place(self):
        self.write("Sources/HTTP/Parser.swift", "import WebSocket\n")
        run = subprocess.run([str(TOOLS / "check-imports"), str(self.root)], capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("Sources/HTTP/Parser.swift:1: imports WebSocket", run.stdout)


class Rules(Tree):
    def setUp(self):
        super().setUp()
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)

    def only(self, what):
        found = check_rules.violations(self.root)
        self.assertEqual(len(found), 1, found)
        self.assertIn(what, found[0])

    def test_a_clean_tree_passes(self):
        self.write("Sources/Hub/Shard.swift", "struct Shard {}\n")
        self.write("notes.txt", "see /usr/share/doc and docs/wo" + "rk/here and ./ro" + "ot/x\n")
        self.assertEqual(check_rules.violations(self.root), [])

    def test_a_path_of_one_machine_is_noticed(self):
        for path in ("/wo" + "rk/main/x", "/ro" + "ot/.cache", "/ho" + "me/ada/x", "/Us" + "ers/ada/x"):
            with self.subTest(path=path):
                self.write("tools/x", f"cd {path}\n")
                self.only("tools/x:1:")

    def test_a_registry_host_is_noticed(self):
        self.write("README.md", "\npip install -i https://py" + "pi.org/simple x\n")
        self.only("README.md:2:")

    def test_ignored_files_are_left_alone(self):
        self.write(".gitignore", ".build/\n")
        self.write(".build/x", "/wo" + "rk/main\n")
        self.assertEqual(check_rules.violations(self.root), [])

    def test_a_long_file_is_refused_unless_listed(self):
        self.write("Sources/Hub/Shard.swift", "\n" * 501)
        self.only("501 lines")
        self.write("tools/allowed/long-files", "Sources/Hub/Shard.swift 501 a table\n")
        self.assertEqual(check_rules.violations(self.root), [])

    def test_a_listed_file_may_not_grow_and_must_be_struck_out_once_short(self):
        self.write("tools/allowed/long-files", "Sources/Hub/Shard.swift 510 a table\n")
        self.write("Sources/Hub/Shard.swift", "\n" * 511)
        self.only("only shrinks")
        self.write("Sources/Hub/Shard.swift", "\n" * 505)
        self.only("write 505")
        self.write("Sources/Hub/Shard.swift", "\n" * 100)
        self.only("strike it out")

    def test_an_entry_for_a_file_that_is_gone_is_refused(self):
        self.write("tools/allowed/unsafe", "Sources/Hub/Gone.swift 2 was needed\n")
        self.only("strike it out")

    def test_an_entry_without_a_reason_is_refused(self):
        self.write("tools/allowed/unsafe", "Sources/Hub/Shard.swift 2\n")
        with self.assertRaises(SystemExit):
            check_rules.violations(self.root)

    def test_unsafe_is_refused_outside_its_places(self):
        self.write("Sources/Hub/Shard.swift", "// SAFETY: held.\nlet x = unsafe pointer.pointee\n")
        self.only("1 uses of `unsafe`")

    def test_unsafe_passes_in_its_places(self):
        text = "// SAFETY: held.\nlet x = unsafe pointer.pointee\n"
        self.write("Sources/Hub/Unsafe/Bytes.swift", text)
        self.write("Sources/Hub/Shard+HotPath.swift", text)
        self.write("Tests/HubTests/ShardTests.swift", "let x = unsafe pointer.pointee\n")
        self.assertEqual(check_rules.violations(self.root), [])

    def test_unsafe_without_a_proof_is_refused_everywhere(self):
        self.write("Sources/Hub/Unsafe/Bytes.swift", "let x = unsafe pointer.pointee\n")
        self.only("SAFETY")

    def test_the_word_in_a_comment_or_a_string_is_no_use(self):
        self.write("Sources/Hub/Shard.swift", '// unsafe\nlet x = "unsafe" /* unsafe */\nlet UnsafeThing = 1\n')
        self.assertEqual(check_rules.violations(self.root), [])


class Words(Tree):
    """The banned words of prose."""

    def setUp(self):
        super().setUp()
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)

    def found(self, name, text):
        return [(line, word) for line, word, _ in prose.uses(name, text)]

    def test_a_comment_and_a_string_of_swift_are_read(self):
        text = "/// It is told.\nlet told = 1 // nobody\nlet text = \"somebody\"\n/* For\n * ever */\n"
        self.assertEqual(
            self.found("Sources/Hub/A.swift", text), [(1, "told"), (2, "nobody"), (3, "somebody"), (4, "For ever")]
        )

    def test_code_is_not_read(self):
        text = "let laggard = told(parcel) // `Laggard`\nlet text = \"\\(laggard.parcel(of: told))\"\n"
        self.assertEqual(self.found("Sources/Hub/A.swift", text), [])
        self.assertEqual(self.found("Sources/Hub/A.swift", "let laggardCount = 0 // laggardCount, untold\n"), [])

    def test_a_phrase_goes_on_in_the_next_line(self):
        self.assertEqual(self.found("Sources/Hub/A.swift", "/// what is under\n    /// way\n"), [(1, "under way")])
        self.assertEqual(self.found("Sources/Hub/A.swift", "// under\n\n// way\n"), [])
        self.assertEqual(self.found("A.md", "- what became\n  of it\n"), [(1, "what became of")])

    def test_forms_of_a_phrase(self):
        for text in ("gives back", "gave it back", "given back", "give its buffer back", "giving the place back"):
            with self.subTest(text=text):
                self.assertEqual(self.found("A.md", text), [(1, text)])
        for text in ("gives", "the back", "stands for itself", "stands in for it", "strange", "who", "a giveback"):
            with self.subTest(text=text):
                self.assertEqual(self.found("A.md", text), [])

    def test_markdown_is_read_but_for_code_spans(self):
        self.assertEqual(self.found("A.md", "`told` and\n```sh\nx # told\n```\n"), [(3, "told")])

    def test_comments_and_docstrings_of_scripts_are_read_and_their_strings_are_not(self):
        word = "nobody"
        text = f'#!/usr/bin/env python3\n"""é {word}"""\nx = "{word}"  # {word}\n\ndef f():\n    """A\n    {word}"""\n'
        self.assertEqual(self.found("tools/x", text), [(2, word), (3, word), (7, word)])
        self.assertEqual(self.found("x.py", "#!/usr/bin/python3 told\nx = 'told'\n"), [])
        self.assertEqual(self.found("x.py", "x = (\n"), [])
        text = f"#!/usr/bin/env bash\n# {word}\necho $#{word} {word} # {word}\n"
        self.assertEqual(self.found("tools/x", text), [(2, word), (3, word)])

    def test_comments_of_the_demo_page_are_read(self):
        text = "<p>told</p>\n<!-- told -->\n// told\nlet a = 'https://told';\n/* told */\n"
        self.assertEqual(self.found("Sources/Server/Demo/index.html", text), [(2, "told"), (3, "told"), (5, "told")])

    def test_other_files_are_not_read(self):
        for name in ("Tests/HubTests/A.swift", "Benchmarks/A.swift", "x.json", "x.txt"):
            with self.subTest(name=name):
                self.assertEqual(self.found(name, "// told"), [])

    def test_every_word_has_advice_without_a_banned_word(self):
        for pattern, advice in prose.WORDS:
            self.assertEqual(self.found("A.md", advice.split(" (")[0]), [], pattern.pattern)

    def test_a_new_use_is_refused_with_its_place_and_the_word_to_use(self):
        self.write("README.md", "\nIt is told.\n")
        found = check_rules.violations(self.root)
        self.assertEqual(len(found), 2, found)
        self.assertIn("README.md:2: 'told': notified", found[0])
        self.assertIn("1 banned words, at most 0 are allowed: reword it", found[1])

    def test_the_list_of_old_uses_only_shrinks(self):
        self.write("tools/allowed/words", "Sources/Hub/A.swift 2 older than the list\n")
        self.write("Sources/Hub/A.swift", "// told, told\n")
        self.assertEqual(check_rules.violations(self.root), [])
        self.write("Sources/Hub/A.swift", "// told, told, told\n")
        self.assertIn("the list only shrinks", check_rules.violations(self.root)[-1])
        self.write("Sources/Hub/A.swift", "// told\n")
        self.assertEqual(len(check_rules.violations(self.root)), 1)
        self.assertIn("write 1", check_rules.violations(self.root)[0])
        self.write("Sources/Hub/A.swift", "// notified\n")
        self.assertIn("strike it out", check_rules.violations(self.root)[0])

    def test_the_command_prints_all_uses(self):
        self.write("tools/allowed/words", "Sources/Hub/A.swift 1 older than the list\n")
        self.write("Sources/Hub/A.swift", "// told\n")
        run = subprocess.run([str(TOOLS / "check-rules"), "--words", str(self.root)], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout[:29]), (0, "Sources/Hub/A.swift:1: 'told'"))


class Code(unittest.TestCase):
    def test_blanking_keeps_lines_and_code(self):
        text = 'a // b\nc /* d\n e */ f "g\\"h" i #"j"k"# l """\n m \\""" n\n""" o'
        blanked = code_only(text)
        self.assertEqual(blanked.count("\n"), text.count("\n"))
        self.assertEqual(blanked.split(), ["a", "c", "f", "i", "l", "o"])

    def test_prose_is_the_rest_without_marks_and_interpolations(self):
        text = 'a /// b\nc /* d\n * e */ f "g\\(h(i))j" k """\n l \\\n m\n """ n'
        prose = prose_only(text)
        self.assertEqual([len(line) for line in prose.split("\n")], [len(line) for line in text.split("\n")])
        self.assertEqual(prose.split(), ["b", "d", "e", "*/", '"g', 'j"', '"""', "l", "m", '"""'])


if __name__ == "__main__":
    unittest.main()
