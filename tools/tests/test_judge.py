"""The judge of the micro-benchmarks refuses what it is there to refuse. Run by tools/check."""

import importlib.util
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("judge", ROOT / "Benchmarks" / "Micro" / "judge.py")
judge = importlib.util.module_from_spec(spec)
spec.loader.exec_module(judge)

THRESHOLDS = {
    "instruction_tolerance": 0.05,
    "benchmarks": {"encode": {"allocations": 0.0, "instructions": 100.0}, "send": {"allocations": 0.0}},
}


def measured(encode=0.0, send=0.0, **more):
    allocations = {"encode": encode, "send": send, **more}
    return {name: {"name": name, "allocations": value} for name, value in allocations.items()}


class Judge(unittest.TestCase):
    def complaints(self, rows, instructions=None, is_whole=True):
        verdicts = judge.judge(rows, instructions, THRESHOLDS, is_whole)
        return {name: found for name, found in verdicts.items() if found}

    def test_what_is_within_its_thresholds_passes(self):
        self.assertEqual(self.complaints(measured(), {"encode": 104.9}), {})
        self.assertEqual(self.complaints(measured()), {})

    def test_one_allocation_more_is_refused(self):
        self.assertIn("at most 0", self.complaints(measured(encode=0.001))["encode"][0])

    def test_instructions_beyond_the_tolerance_are_refused(self):
        self.assertIn("5.1% over", self.complaints(measured(), {"encode": 105.1})["encode"][0])

    def test_a_benchmark_without_a_threshold_is_refused(self):
        self.assertEqual(self.complaints(measured(extra=0)), {"extra": ["has no threshold"]})
        self.assertIn("send", self.complaints(measured(), {"encode": 100, "send": 5}))

    def test_a_threshold_without_a_benchmark_is_refused_when_all_ran(self):
        rows = measured()
        del rows["send"]
        self.assertIn("send", self.complaints(rows))
        self.assertEqual(self.complaints(rows, is_whole=False), {})

    def test_updated_thresholds_are_met_and_the_others_stay(self):
        rows = {"encode": {"name": "encode", "allocations": 41.21875}}
        thresholds = judge.updated(rows, {"encode": 7.26}, THRESHOLDS)
        self.assertEqual(thresholds["benchmarks"]["encode"], {"allocations": 41.219, "instructions": 7.3})
        self.assertEqual(thresholds["benchmarks"]["send"], {"allocations": 0.0})
        self.assertEqual(judge.judge(rows, {"encode": 7.26}, thresholds, False), {"encode": []})

    def test_dumps_belong_to_batches_in_their_order(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "marked.jsonl").write_text(
                '{"name": "b", "batchOperationCount": 10}\n{"name": "a", "batchOperationCount": 2}\n'
            )
            (folder / "out.1").write_text("events: Ir\nsummary: 50\ntotals: 60\n")
            (folder / "out.2").write_text("events: Ir\nsummary: 50\ntotals: 60\n")
            self.assertEqual(judge.read_callgrind(folder), {"b": 5, "a": 25})


if __name__ == "__main__":
    unittest.main()
