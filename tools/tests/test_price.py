"""The price of a message is computed and marked as its table says. Run by tools/check."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS / "Price"))
import idle  # noqa: E402
import price  # noqa: E402
import process  # noqa: E402
import pump  # noqa: E402

import peers  # noqa: E402

Value = price.Value


def report(count=50_000, verdict="neither", lost=0, statuses=None):
    """A report of `shopload` about 5 s of 1,000 messages a second to shops of 10, as far as it is read."""
    return {
        "report": {
            "startedAt": "1970-01-01T00:01:40.000000Z",
            "scenario": {
                "connectionCount": 10_000, "shopCount": 1_000, "messagesPerSecond": 1_000,
                "phases": {"connectSeconds": 2, "warmUpSeconds": 1, "steadySeconds": 5},
            },
            "latencies": {"delivery": {"count": count, "p50": 250_000}},
            "counters": {
                "lost": lost, "duplicated": 0, "outOfOrder": 0, "foreign": 0, "corruptFrames": 0,
                "statuses": statuses or {"201": 6_000},
            },
        },
        "verdict": {"kind": verdict},
    }  # fmt: skip


def watch():
    """Half a processor up to the 103rd second of time, a quarter from there on."""
    watch = process.ProcessorWatch(0)
    watch.samples = [(99, 0), (103, 2), (104, 2.25), (110, 3.75)]
    return watch


class Loads(unittest.TestCase):
    def values(self, **options):
        return price.load_values(report(**options), watch(), price.CPU_DELIVERY)

    def test_the_cpu_of_the_steady_part_is_shared_among_its_deliveries(self):
        values = self.values()
        self.assertEqual(values[price.CPU_DELIVERY], Value(25.0))
        self.assertEqual(values[price.P50], Value(250.0))

    def test_a_late_generator_bounds_the_latency_and_the_cost_of_a_load_that_was_not_reached(self):
        for verdict in ("generatorIsTheLimit", "unclear"):
            with self.subTest(verdict=verdict):
                values = self.values(verdict=verdict)
                self.assertEqual((values[price.CPU_DELIVERY].is_bounded, values[price.P50].is_bounded), (False, True))
                self.assertTrue(self.values(verdict=verdict, count=40_000)[price.CPU_DELIVERY].is_bounded)

    def test_a_run_with_faults_or_without_deliveries_has_no_figures(self):
        for options in ({"lost": 1}, {"statuses": [201, 5, 503, 1]}, {"count": 0}):
            with self.subTest(options=options), self.assertRaises(peers.PeerError):
                self.values(**options)


class Processor(unittest.TestCase):
    def test_the_share_is_taken_on_the_lines_between_samples(self):
        samples = [(0, 10), (2, 11), (4, 14)]
        self.assertEqual(process.share_between(samples, 0, 4), 1)
        self.assertEqual(process.share_between(samples, 1, 3), 1)
        self.assertEqual(process.share_between(samples, 2, 3), 1.5)

    def test_a_time_that_was_not_watched_has_no_share(self):
        samples = [(0, 10), (2, 11)]
        for start, end in ((-1, 1), (1, 3), (1, 1)):
            self.assertIsNone(process.share_between(samples, start, end))
        self.assertIsNone(process.share_between([], 0, 1))


    def test_the_busy_time_of_the_machine_leaves_idling_and_waiting_out(self):
        ticks = 100 / process.os.sysconf("SC_CLK_TCK")
        self.assertEqual(process.busy_seconds("cpu  100 10 50 7000 30 1 2 37 5 5\ncpu0 1 1"), 2 * ticks)


class Arithmetic(unittest.TestCase):
    def test_rounds_in_which_the_generator_was_the_limit_do_not_count_when_there_are_others(self):
        bounded = Value(90, True)
        self.assertEqual(price.median_of([bounded, Value(3), None, Value(1), Value(2)]), Value(2))
        self.assertEqual(price.median_of([bounded, Value(70, True)]), Value(80, True))
        self.assertIsNone(price.median_of([None, None]))

    def test_a_ratio_is_bounded_by_either_side_and_missing_without_one(self):
        self.assertEqual(price.ratio_of(Value(3), Value(2)), Value(1.5))
        self.assertEqual(price.ratio_of(Value(3), Value(2, True)), Value(1.5, True))
        self.assertEqual(price.ratio_of(Value(3, True), Value(2)), Value(1.5, True))
        for ours, floor in ((None, Value(1)), (Value(1), None), (Value(1), Value(0))):
            self.assertIsNone(price.ratio_of(ours, floor))

    def test_cells_carry_the_mark(self):
        self.assertEqual(price.cell(Value(1234.56), 1), "1,234.6")
        self.assertEqual(price.cell(Value(2, True), 2), "2.00*")
        self.assertEqual(price.cell(None, 2), "–")


class Table(unittest.TestCase):
    def rows(self, ours, floor):
        scenario = price.SCENARIOS[0]
        return price.rows_of(
            scenario,
            {
                price.OURS: [{figure: Value(number) for figure in scenario.figures} for number in ours],
                price.FLOOR: [
                    number and {figure: Value(number, number > 10) for figure in scenario.figures} for number in floor
                ],
            },
        )

    def test_a_row_has_the_medians_of_the_rounds_and_their_ratio(self):
        lines, missing = price.table(self.rows([30, 10, 20], [8, 9, 10]))
        self.assertEqual(missing, 0)
        self.assertTrue(lines[-2].endswith("| 20.0 | 9.0 | 2.22 |"), lines[-2])
        self.assertFalse(any("`*`" in line for line in lines))

    def test_marks_and_missing_rounds_are_explained(self):
        lines, missing = price.table(self.rows([30, 10], [11, None]))
        self.assertEqual(missing, 2)
        self.assertTrue(any(line.endswith("| 20.0 | 11.0* | 1.82* |") for line in lines), lines)
        self.assertTrue(any(line.startswith("`*`: in every round") for line in lines))

    def test_a_machine_that_was_not_quiet_is_said(self):
        for share, is_said in ((0.09, False), (0.34, True)):
            lines, _ = price.table(self.rows([30], [10]), share)
            self.assertEqual("Other processes used up to 34%" in "\n".join(lines), is_said)

    def test_the_json_keeps_every_round(self):
        row = self.rows([30, 10], [11, None])[0].json()
        self.assertEqual(row["shopstream"], {"median": 20, "generatorWasLimit": False, "rounds": [30, 10]})
        self.assertEqual(row["floor"], {"median": 11, "generatorWasLimit": True, "rounds": [11, None]})
        self.assertAlmostEqual(row["ratio"], 20 / 11)

    def test_names_are_unique(self):
        names = [scenario.name for scenario in price.SCENARIOS]
        self.assertEqual(len(set(names)), len(names))

    def test_a_quick_run_is_one_round(self):
        options = price.parse(["--quick", "--only", "storm"])
        self.assertEqual((options.rounds, options.seconds, len(options.scenarios)), (1, 1, 1))


class Idle(unittest.TestCase):
    def test_sizes_become_bytes_of_a_stream(self):
        sizes = idle.Sizes(empty=1_000, at_first=1_500, at_last=3_500, rested=2_500, first=10, last=30)
        self.assertEqual((sizes.each_of_first, sizes.each_further, sizes.each_after_rest), (50, 100, 50))
        self.assertIsNone(idle.Sizes(0, 1, 2).each_after_rest)


class Pump(unittest.TestCase):
    def test_every_stream_has_a_user_of_its_own_and_the_poster_is_in_every_shop(self):
        lines = pump.members(streams=5, shops=2).splitlines()
        self.assertEqual(lines[:2], ["shop-0,poster,member", "shop-1,poster,member"])
        self.assertEqual(lines[2:4], ["shop-0,user-00000000,member", "shop-1,user-00000001,member"])
        self.assertEqual(len(set(lines)), 7)

    def test_how_busy_both_ends_were_is_said(self):
        done = {"seconds": 2.0, "processorSeconds": 1.9}
        self.assertEqual(price.busy_text(done, 1.0), "server 50% busy, generator 95%")

    def test_a_server_that_was_not_full_could_do_more(self):
        self.assertTrue(price.could_do_more({"seconds": 2.0}, server_seconds=1.6))
        self.assertFalse(price.could_do_more({"seconds": 2.0}, server_seconds=1.8))


if __name__ == "__main__":
    unittest.main()
