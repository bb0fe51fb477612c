"""The comparisons with other servers read reports and find rates as they say. Run by tools/check."""

import importlib.util
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS / "Peers"))
import peers  # noqa: E402
import runs  # noqa: E402


def loaded(folder):
    """Both comparisons are called compare.py."""
    name = f"{folder.lower()}_compare"
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / folder / "compare.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


compare, postgres = loaded("Peers"), loaded("Postgres")


def report(p99=1_000_000, lost=0, opened=10, statuses=None, verdict="neither", **figures):
    """A report as shopload writes it, as far as it is read."""
    return {
        "report": {
            "scenario": {"connectionCount": 10},
            "latencies": {name: {"p50": 500_000, "p99": p99, "p999": 2 * p99} for name in ("delivery", "post")},
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
        for verdict in ("generatorIsTheLimit", "unclear"):
            late = self.figures(p99=90_000_000, verdict=verdict)
            middle = compare.median_of([late, self.figures(), late])
            self.assertEqual((middle.p99, middle.is_generator_late), (1, False))
            self.assertTrue(compare.median_of([late, late]).is_generator_late)

    def test_a_round_that_failed_is_counted_and_hides_no_other(self):
        middle = compare.median_of([None, self.figures(p99=3_000_000, lost=2)])
        self.assertEqual((middle.p99, middle.lost, middle.failed_runs), (3, 2, 1))
        nothing = compare.median_of([None, None])
        self.assertEqual((nothing.p99, nothing.lost, nothing.failed_runs), (None, None, 2))


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
        self.assertFalse(figures.is_generator_late)

    def test_a_rate_that_the_generator_bounded_is_marked(self):
        for limit in ("generatorIsTheLimit", "unclear"):

            def run_at(rate):
                verdict = limit if rate > 700 else "neither"  # noqa: B023
                return compare.Figures.of(report(p99=1_000_000 if rate <= 700 else 80_000_000, verdict=verdict), rate)

            figures = compare.highest_rate(250, run_at)
            self.assertTrue(figures.is_generator_late)
            scenario = next(scenario for scenario in compare.SCENARIOS if scenario.rate is None)
            self.assertIn(f"| ≥ {figures.rate:,.0f} |", compare.table(scenario, {Kind: figures})[-1])

    def test_the_search_ends_though_nothing_is_too_much(self):
        figures, _ = self.find(10**9)
        self.assertLessEqual(figures.rate, compare.RATE_MAX)


class Way:
    def __init__(self, name):
        self.name = name


class Kind:
    name = "x"

    @staticmethod
    def version():
        return "1"


class Table(unittest.TestCase):
    def test_every_scenario_has_a_table_of_as_many_cells_as_columns(self):
        for scenario in compare.SCENARIOS:
            lines = [line for line in compare.table(scenario, {Kind: compare.Figures()}) if line.startswith("|")]
            self.assertEqual(len({line.count("|") for line in lines}), 1, scenario.name)

    def test_a_row_says_what_its_figures_rest_on(self):
        row = compare.Figures(is_generator_late=True, failed_runs=2)
        self.assertEqual(runs.name("x", row), "x (the generator was late, 2 runs failed)")
        self.assertEqual(runs.name("x", compare.Figures()), "x")


class Turns(unittest.TestCase):
    def test_each_round_another_begins_and_a_run_that_fails_ends_nothing(self):
        ways, seen = tuple(map(Way, "ab")), []

        def run(way, number):
            seen.append(f"{way.name}{number}")
            if seen[-1] == "b0":
                raise peers.PeerError("does not start")
            return seen[-1]

        self.assertEqual(runs.in_turn(ways, 2, run), {ways[0]: ["a0", "a1"], ways[1]: [None, "b1"]})
        self.assertEqual(seen, ["a0", "b0", "b1", "a1"])


class OnPostgres(unittest.TestCase):
    def test_a_report_becomes_figures(self):
        file = report(statuses=[201, 300, 503, 2], lost=1, answeredPerSecond=100, serverUserCores=0.02)
        figures = postgres.Served.figures(file, "post", commits=60)
        self.assertEqual((figures.rate, figures.p50, figures.p99), (100, 0.5, 1))
        self.assertEqual((figures.cpu_microseconds, figures.commits, figures.faults), (200, 5, 3))
        self.assertFalse(figures.is_generator_late)

    def test_a_run_in_which_nothing_was_answered_has_no_costs(self):
        figures = postgres.Served.figures(report(statuses={"503": 9}, answeredPerSecond=0), "post", commits=0)
        self.assertEqual((figures.cpu_microseconds, figures.commits, figures.faults), (None, None, 9))

    def test_what_pgbench_logs_becomes_figures(self):
        log = "".join(f"0 {number} {1_000 * number} 0 1700000000 0 12\n" for number in range(1, 101))
        figures = postgres.Bare.figures(log, seconds=4)
        self.assertEqual((figures.rate, figures.p50, figures.p99, figures.p999), (25, 51, 100, 100))
        self.assertEqual(postgres.Bare.figures("", seconds=4), postgres.Figures(rate=0, faults=0))

    def test_the_medians_of_rounds_hide_no_fault_and_count_what_failed(self):
        rounds = [postgres.Figures(rate=rate, faults=rate == 3) for rate in (1, 2, 3)]
        middle = postgres.median_of([*rounds, None])
        self.assertEqual((middle.rate, middle.commits, middle.faults, middle.failed_runs), (2, None, 1, 1))

    def test_every_table_has_as_many_cells_as_columns(self):
        results = {Way("pgbench"): postgres.Figures(rate=1_234.5), Way("x"): postgres.median_of([None])}
        lines = postgres.table("t", results, list(postgres.COLUMNS))[2:]
        self.assertEqual(len({line.count("|") for line in lines}), 1)
        self.assertIn("| pgbench | 1,234 |", lines[2])
        self.assertIn("| x (1 run failed) | – |", lines[3])


if __name__ == "__main__":
    unittest.main()
