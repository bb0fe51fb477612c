"""The figures of a million streams are computed as their table says. Run by tools/check."""

import json
import pathlib
import sys
import types
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS / "Million"))
import figures  # noqa: E402
import machine  # noqa: E402
import million  # noqa: E402
import picture  # noqa: E402

MEMINFO = "MemTotal: 90 kB\nMemAvailable:   50 kB\nSlab:  20 kB\nSReclaimable:  5 kB\nSUnreclaim:  15 kB\n"
SOCKSTAT = "sockets: used 300\nTCP: inuse 9 orphan 0 tw 3 alloc 11 mem 2\nUDP: inuse 1 mem 7\n"
BEGAN, HOLD_SECONDS = 100, 30


def report(opened=1_000, lost=0, ended=(), unanswered=0, statuses=None):
    """A report of `shopload`: 10 s of connecting, a hold of 30 s, 2 s of warm-up and 5 s of messages."""
    return {
        "report": {
            "startedAt": "1970-01-01T00:01:40.000000Z",
            "scenario": {
                "connectionCount": 1_000,
                "phases": {"connectSeconds": 40, "warmUpSeconds": 2, "steadySeconds": 5, "drainSeconds": 1},
            },
            "latencies": {"delivery": {
                "count": 50_000, "p50": 2_000_000, "p90": 4_000_000, "p99": 8_000_000, "p999": 9_000_000,
                "maximum": 10_000_000,
            }},
            "counters": {
                "connectsSucceeded": opened, "disconnectsByCloseCode": list(ended), "disconnectsByError": {},
                "delivered": 70_000, "lost": lost, "duplicated": 0, "outOfOrder": 0, "foreign": 0, "corruptFrames": 0,
                "statuses": statuses or {"201": 700}, "requestTimeouts": unanswered,
            },
            "seconds": [
                {"second": second, "openConnections": 100 * second, "latency": {"count": count, "p50": 1e6, "p99": 3e6}}
                for second, count in ((0, 0), (10, 0), (45, 10))
            ],
        },
        "verdict": {"sentence": "The server kept up."},
    }  # fmt: skip


def sample(time, server=0.0, generator=0.0, resident=0, used=0):
    memory = machine.Memory(1_000_000_000 - used, 10_000 + used, 8_000 + used, used)
    return machine.Sample(time, server, generator, 4 * server, resident, 2 * resident, memory)


BEFORE = sample(99, resident=1_000)
# A processor while it connects, a tenth at rest, half while it posts; the generator uses twice that.
SAMPLES = [
    sample(99, 0, 0), sample(110, 11, 22, 5_000, 5_000), sample(128, 12.8, 25.6, 501_000, 3_000_000),
    sample(139, 13.9, 27.8, 901_000, 4_000_000), sample(140, 14, 28), sample(150, 19, 38),
]  # fmt: skip
READINGS = [machine.Reading(99, 0, 0), machine.Reading(110, 1_000, 500), machine.Reading(150, 1_000, 3_300)]


def figures_of(**options):
    return figures.figures_of(report(**options), BEFORE, SAMPLES, READINGS, HOLD_SECONDS)


class Times(unittest.TestCase):
    def test_the_hold_ends_when_sending_begins(self):
        self.assertEqual(
            figures.phases_of(report()["report"], HOLD_SECONDS),
            figures.Phases(connect=100, hold=110, post=140, steady=142, end=147),
        )  # fmt: skip

    def test_a_hold_is_no_longer_than_the_time_before_the_messages(self):
        self.assertEqual(figures.phases_of(report()["report"], 300).hold, BEGAN)

    def test_memory_at_rest_is_read_some_time_before_the_messages_begin(self):
        phases = figures.phases_of(report()["report"], HOLD_SECONDS)
        self.assertEqual(figures.at_rest(SAMPLES, phases).time, 128)
        self.assertEqual(figures.at_rest([sample(139)], phases).time, 139)
        self.assertIsNone(figures.at_rest([sample(100), sample(150)], phases))


class Measured(unittest.TestCase):
    def test_cpu_is_that_of_each_part(self):
        seen = figures_of()
        for used, server in (
            (seen.rest_cores, 0.1), (seen.post_cores, 0.5), (seen.connect_microseconds, 10_000),
            (seen.delivery_microseconds, 50),
        ):  # fmt: skip
            self.assertAlmostEqual(used.server, server)
            self.assertAlmostEqual(used.generator, 2 * server)

    def test_cpu_of_a_part_that_was_not_watched_to_its_end_is_that_of_the_watched_time(self):
        self.assertAlmostEqual(figures.cores(SAMPLES, "server_seconds", 145, 999), 0.5)
        self.assertIsNone(figures.cores(SAMPLES, "server_seconds", 150, 999))
        self.assertIsNone(figures.cores([], "server_seconds", 1, 2))

    def test_other_processes_used_the_rest_of_the_machine(self):
        self.assertAlmostEqual(figures_of().other_cores, 4 * 0.5 - 0.5 - 1)
        self.assertIsNone(figures.other_cores([], 1, 2))

    def test_memory_is_what_the_streams_added(self):
        seen = figures_of()
        self.assertEqual(seen.empty_server_bytes, 1_000)
        self.assertEqual(seen.resident_bytes, figures.Both(500, 1_000))
        self.assertEqual(seen.memory, machine.Memory(3_000, 3_000, 3_000, 3_000))

    def test_pongs_are_those_of_the_hold(self):
        self.assertAlmostEqual(figures_of().pongs_per_stream, 2.1)

    def test_latencies_are_in_milliseconds(self):
        self.assertEqual(figures_of().latency, {"p50": 2, "p90": 4, "p99": 8, "p999": 9, "maximum": 10})
        self.assertEqual(figures_of().delivered_per_second, 10_000)

    def test_a_run_is_good_when_all_streams_stayed_open_and_nothing_was_lost(self):
        self.assertTrue(figures_of().is_good)
        for fault in (
            {"opened": 999}, {"lost": 1}, {"ended": (4_408, 1)}, {"unanswered": 1}, {"statuses": {"201": 1, "503": 1}},
        ):  # fmt: skip
            with self.subTest(fault=fault):
                self.assertFalse(figures_of(**fault).is_good)

    def test_a_run_without_two_pongs_of_each_stream_is_not_good(self):
        late = [*READINGS[:2], machine.Reading(150, 1_000, 2_500)]
        self.assertFalse(figures.figures_of(report(), BEFORE, SAMPLES, late, HOLD_SECONDS).is_good)
        self.assertFalse(figures.figures_of(report(), BEFORE, SAMPLES, [], HOLD_SECONDS).is_good)

    def test_a_run_that_was_not_watched_has_a_table_without_those_figures(self):
        seen = figures.figures_of(report(opened=0), BEFORE, [], [], HOLD_SECONDS)
        self.assertIsNone(seen.memory)
        self.assertIn("| CPU at rest, processors: server; generator | –; – |", figures.table(seen, 100, 10))

    def test_the_table_names_the_faults(self):
        rows = figures.table(figures_of(lost=3), 100, 10)
        self.assertIn("| lost deliveries and other faults | 3 lost |", rows)
        self.assertIn("| lost deliveries and other faults | none |", figures.table(figures_of(), 100, 10))


class Machine(unittest.TestCase):
    def test_memory_is_read_from_the_kernels_tables(self):
        self.assertEqual(machine.memory_of(MEMINFO, SOCKSTAT), machine.Memory(51_200, 20_480, 15_360, 8_192))

    def test_pongs_are_counted_by_their_bytes(self):
        text = "# HELP a b\nwebsocket_connections_total 7\nwebsocket_received_bytes_total 84\n"
        self.assertEqual(machine.reading_of(text, 5), machine.Reading(5, 7, 14))
        self.assertEqual(machine.reading_of("", 5), machine.Reading(5, 0, 0))

    def test_reactors_leave_room_for_the_fullest(self):
        self.assertEqual(figures.reactors_needed(1_000_000, 2_000, 20_000, 2), 95)
        self.assertEqual(figures.reactors_needed(100, 10, 20_000, 2), 2)
        self.assertEqual(figures.reactors_needed(19_000, 1, 20_000, 1), 1)
        with self.assertRaises(figures.TooMany):
            figures.reactors_needed(1_000_000, 2, 20_000, 2)

    def test_more_streams_than_fit_into_memory_are_refused(self):
        figures.check_memory(1_000_000, 16 << 30)
        with self.assertRaises(figures.TooMany):
            figures.check_memory(1_000_000, 12 << 30)

    def test_a_shortage_of_memory_ends_the_run_once(self):
        calls = []
        server = types.SimpleNamespace(serving_pid=lambda: 0)
        watch = machine.Watch(server, 0, lambda: calls.append(1))
        for used in (0, 1 << 60, 1 << 60):
            watch.judge(sample(1, used=used - machine.AVAILABLE_BYTES_MIN))
        self.assertEqual(len(calls), 1)
        self.assertIn("MiB of memory were available", watch.shortage)


class Picture(unittest.TestCase):
    def test_a_grid_has_round_numbers(self):
        self.assertEqual(picture.grid(1_000_000, 5), [0, 200_000, 400_000, 600_000, 800_000, 1_000_000])
        self.assertEqual(picture.grid(47, 12), [0, 5, 10, 15, 20, 25, 30, 35, 40, 45])
        self.assertEqual(picture.grid(2.9, 5), [0, 1, 2])

    def test_a_processors_use_is_the_growth_of_its_time(self):
        self.assertEqual(picture.rates(SAMPLES[4:], "server_seconds", 100), [(50, 0.5)])

    def test_the_picture_is_xml_with_a_panel_for_each_subject(self):
        phases = figures.phases_of(report()["report"], HOLD_SECONDS)
        root = xml.etree.ElementTree.fromstring(picture.svg(SAMPLES, report()["report"]["seconds"], phases))
        words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        for title in ("Open streams", "Memory, GiB", "CPU, processors", "POST to delivery, ms", "hold", "messages"):
            self.assertEqual(words.count(title), 1, title)
        self.assertEqual(len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))), 9)

    def test_a_run_without_samples_has_a_picture(self):
        phases = figures.phases_of(report()["report"], HOLD_SECONDS)
        xml.etree.ElementTree.fromstring(picture.svg([], [], phases))


class Options(unittest.TestCase):
    def test_the_hold_takes_two_periods_of_pings(self):
        options = million.parse(["--streams", "20", "--shops", "2", "--ping-period", "7"])
        self.assertEqual(options.hold_seconds, 2 * 7 + million.HOLD_SECONDS_MORE)
        self.assertEqual(million.parse(["--reactors", "5"]).reactors, 5)

    def test_the_json_holds_what_was_asked_and_seen(self):
        options = million.parse(["--streams", "20", "--shops", "2"])
        run = million.Run(figures_of(), None, SAMPLES, [], None)
        described = json.loads(json.dumps(million.described(options, run)))
        self.assertEqual(described["options"]["streams"], 20)
        self.assertEqual(described["figures"]["resident_bytes"], {"server": 500, "generator": 1_000})
        self.assertTrue(described["figures"]["is_good"])
        self.assertEqual(len(described["samples"]), len(SAMPLES))


if __name__ == "__main__":
    unittest.main()
