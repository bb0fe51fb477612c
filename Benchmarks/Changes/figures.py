"""The figures of a run: what `shopload` reports, by change, and what the server's processes counted."""

import datetime
import math

# The end of streams that a stop of the server announces.
ANNOUNCED = "1012"
FAULTS = ("lost", "duplicated", "outOfOrder", "foreign", "corruptFrames")
HANDSHAKES = ("full", "resumed", "failed", "timeout", "evicted", "refused")


def percentile(buckets, share):
    """The value of a histogram's share, in milliseconds; None when it is empty. A value is the highest of its bucket."""
    rest = math.ceil(sum(buckets.values()) * share)
    for value in sorted(buckets):
        rest -= buckets[value]
        if rest <= 0 < buckets[value]:
            return value / 1e6
    return None


def part_of(report, began, ended):
    """What the seconds of the report between two times say."""
    start = datetime.datetime.fromisoformat(report["startedAt"].replace("Z", "+00:00")).timestamp()
    seconds = [second for second in report["seconds"] if began <= start + second["second"] < ended]
    buckets = {}
    for second in seconds:
        for value, count in second["latency"]["buckets"]:
            buckets[value] = buckets.get(value, 0) + count
    return {
        "seconds": ended - began,
        "deliveries": sum(second["delivered"] for second in seconds),
        "p50_milliseconds": percentile(buckets, 0.5),
        "p99_milliseconds": percentile(buckets, 0.99),
        "reconnects": sum(second["reconnects"] for second in seconds),
        "reconnects_per_second_max": max((second["reconnects"] for second in seconds), default=0),
    }


def figures_of(report, nodes, changes, quiet_seconds):
    """All figures. A run is good when each acknowledged message reached each stream of its shop, which `shopload` also
    checks message by message; all streams were open before the first message."""
    counters = report["counters"]
    ends = {**counters["disconnectsByCloseCode"], **counters["disconnectsByError"]}
    accepted = sum(count for status, count in counters["statuses"].items() if status.startswith("2"))
    found = {
        "acknowledged": accepted,
        "refused_messages": {status: count for status, count in counters["statuses"].items() if status[0] != "2"},
        "unanswered_messages": counters["requestTimeouts"],
        "delivered": counters["delivered"],
        "caught_up": counters["caughtUp"],
        "faults": {name: counters[name] for name in FAULTS if counters[name]},
        "ends": ends,
        "reconnects": counters["reconnects"],
        "not_back": counters["notBack"],
        "reconnects_per_second_max": max(second["reconnects"] for second in report["seconds"]),
        "refused_connects": {**counters["upgradeStatuses"], **counters["connectErrors"]},
        "late_connects": counters["connectTimeouts"],
        "caught_up_p99_milliseconds": report["latencies"]["late"].get("p99", 0) / 1e6,
        "handshakes": {
            result: nodes.total(f'shopstream_tls_handshakes_total{{result="{result}"}}') for result in HANDSHAKES
        },
        "parts": {},
    }
    for name, began, ended in changes:
        found["parts"][name] = part_of(report, began, ended)
        if name != "before":
            found["parts"][f"after {name}"] = part_of(report, ended, ended + quiet_seconds)
    streams_of_shop = report["scenario"]["connectionCount"] // report["scenario"]["shopCount"]
    is_complete = found["delivered"] + found["caught_up"] >= accepted * streams_of_shop > 0
    found["is_good"] = (
        is_complete and not found["faults"] and found["not_back"] == 0 and set(ends) == {ANNOUNCED}
    )
    return found


def counts(found):
    return ", ".join(f"{name}: {count:,}" for name, count in found.items()) or "none"


def milliseconds(value):
    return "–" if value is None else f"{value:.3g}"


def table(found, options):
    rows = [
        ("streams; shops; messages/s", f"{options.streams:,}; {options.shops:,}; {options.rate:g}"),
        ("messages acknowledged", f"{found['acknowledged']:,}"),
        ("messages refused, by status; not answered",
         f"{counts(found['refused_messages'])}; {found['unanswered_messages']:,}"),
        ("deliveries live; caught up", f"{found['delivered']:,}; {found['caught_up']:,}"),
        ("lost, duplicated and other faults", counts(found["faults"])),
        ("streams ended, by code", counts(found["ends"])),
        ("reconnects; did not come back", f"{found['reconnects']:,}; {found['not_back']:,}"),
        # The server ends the streams in the first four fifths of its window.
        ("reconnects, most in a second; ends, on average",
         f"{found['reconnects_per_second_max']:,}; {options.streams / (0.8 * options.window):,.0f}"),
        ("connects refused; too late", f"{counts(found['refused_connects'])}; {found['late_connects']:,}"),
        ("caught up, p99, ms after the message was due", f"{found['caught_up_p99_milliseconds']:,.0f}"),
        ("TLS handshakes", counts({result: count for result, count in found["handshakes"].items() if count})),
        ("other processes, of the machine", f"{found['other_load']:.0%}"),
    ]  # fmt: skip
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""]
    lines += ["| | s | deliveries | p50, ms | p99, ms | reconnects | most in a second |", "|---|---|---|---|---|---|---|"]
    for name, part in found["parts"].items():
        lines.append(
            f"| {name} | {part['seconds']:.0f} | {part['deliveries']:,} | {milliseconds(part['p50_milliseconds'])} | "
            f"{milliseconds(part['p99_milliseconds'])} | {part['reconnects']:,} | {part['reconnects_per_second_max']:,} |"
        )
    return "\n".join(lines)
