"""The comparison of servers reads reports and finds rates as it says. Run by tools/check."""

import importlib.util
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks" / "Peers"
sys.path.insert(0, str(FOLDER))
spec = importlib.util.spec_from_file_location("compare", FOLDER / "compare.py")
compare = importlib.util.module_from_spec(spec)
sys.modules["compare"] = compare  # dataclasses look their module up
spec.loader.exec_module(compare)


def report(p99=1_000_000, lost=0, opened=10, statuses=None, verdict="neither", **figures):
    """A report as shopload writes it, as far as it is read."""
    return {
        "report": {
            "scenario": {"connectionCount": 10},
            "latencies": {"delivery": {"p50": 500_000, "p99": p99, "p999": 2 * p99}},
            "counters": {
                "lost": lost, "connectsSucceeded": opened, "statuses": statuses or {"201": 5}, "requestTimeouts": 0,
            },
        },
        "figures": {"serverMicrosecondsPerDelivery": 2.5, "answeredShare": 1, "sentShare": 1, **figures},
        "verdict": {"kind": verdict},
    }  # fmt: skip


class Reading(unittest.TestCase):
    def figures(self, **options):
        return compare.Figures.of(report(**options), rate=100)

    def test_latencies_become_milliseconds(self):
        figures = self.figures()
        self.assertEqual((figures.p50, figures.p99, figures.p999), (0.5, 1, 2))
        self.assertEqual((figures.cpu_microseconds, figures.rate, figures.user_bytes), (2.5, 100, None))
        self.assertTrue(figures.is_in_time)

    def test_a_run_is_in_time_only_when_all_of_it_went_well(self):
        for options in (
            {"p99": 50_000_001}, {"lost": 1}, {"opened": 9}, {"answeredShare": 0.9}, {"sentShare": 0.9},
            {"statuses": {"201": 5, "503": 1}}, {"statuses": [201, 5, 429, 1]},
        ):  # fmt: skip
            with self.subTest(options=options):
                self.assertFalse(self.figures(**options).is_in_time)

    def test_an_accepted_publication_is_no_failure(self):
        self.assertEqual(self.figures(statuses={"201": 5, "202": 2}).failed, 0)

    def test_a_run_without_messages_has_no_latency(self):
        file = report()
        file["report"]["latencies"]["delivery"] = {"buckets": []}
        self.assertIsNone(compare.Figures.of(file, rate=0).p99)

    def test_the_median_of_rounds_hides_no_loss(self):
        runs = [self.figures(p99=n * 1_000_000, lost=n == 3) for n in (1, 2, 3)]
        middle = compare.median_of(runs)
        self.assertEqual((middle.p99, middle.lost), (2, 1))

    def test_rounds_in_which_the_generator_was_late_do_not_count_when_there_are_others(self):
        late = self.figures(p99=90_000_000, verdict="generatorIsTheLimit")
        middle = compare.median_of([late, self.figures(), late])
        self.assertEqual((middle.p99, middle.is_generator_limit), (1, False))
        self.assertTrue(compare.median_of([late, late]).is_generator_limit)


class HighestRate(unittest.TestCase):
    def find(self, limit, first=250):
        tried = []

        def run_at(rate):
            tried.append(rate)
            p99 = 1_000_000 if rate <= limit else 80_000_000
            return compare.Figures.of(report(p99=p99), rate=rate)

        return compare.highest_rate(first, run_at), tried

    def test_it_is_found_within_a_tenth_and_never_above(self):
        for limit in (17, 100, 250, 333, 999, 4_000, 12_345):
            with self.subTest(limit=limit):
                figures, tried = self.find(limit)
                self.assertTrue(figures.is_in_time)
                self.assertLessEqual(figures.rate, limit)
                self.assertGreater(figures.rate, limit * 0.9)
                self.assertLess(len(tried), 12)

    def test_a_server_that_is_late_at_a_sixteenth_has_the_rate_0(self):
        figures, tried = self.find(15)
        self.assertEqual((figures.rate, tried), (0, [250, 125, 62.5, 31.25, 15.625]))

    def test_a_run_is_repeated_when_the_generator_was_late(self):
        late = iter([True, False])

        def run_at(rate):
            if rate == 500 and next(late, False):
                return compare.Figures.of(report(p99=90_000_000, verdict="generatorIsTheLimit"), rate)
            return compare.Figures.of(report(p99=1_000_000 if rate < 1_000 else 80_000_000), rate)

        figures = compare.highest_rate(250, run_at)
        self.assertGreater(figures.rate, 900)
        self.assertFalse(figures.is_generator_limit)

    def test_a_rate_that_the_generator_bounded_is_marked(self):
        def run_at(rate):
            verdict = "generatorIsTheLimit" if rate > 700 else "neither"
            return compare.Figures.of(report(p99=1_000_000 if rate <= 700 else 80_000_000, verdict=verdict), rate)

        self.assertTrue(compare.highest_rate(250, run_at).is_generator_limit)

    def test_the_search_ends_though_nothing_is_too_much(self):
        figures, _ = self.find(10**9)
        self.assertLessEqual(figures.rate, compare.RATE_MAX)


class Table(unittest.TestCase):
    def test_every_scenario_has_a_table_of_as_many_cells_as_columns(self):
        class Kind:
            name = "x"

            @staticmethod
            def version():
                return "1"

        for scenario in compare.SCENARIOS:
            lines = [line for line in compare.table(scenario, {Kind: compare.Figures()}) if line.startswith("|")]
            self.assertEqual(len({line.count("|") for line in lines}), 1, scenario.name)


if __name__ == "__main__":
    unittest.main()
