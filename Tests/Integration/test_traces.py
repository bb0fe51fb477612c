"""Traces: the spans of requests, exported to a collector."""

import json
import sqlite3

import pytest
from support.collector import Collector, attributes
from support.deadline import wait_until
from support.postgres import migrated
from support.server import free_port
from support.streams import open_stream, receive
from support.tokens import token

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
# A batch leaves after 5 s at the latest.
SECONDS = 20
TEXT = "a text that no span contains"


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.end()


@pytest.fixture
def traced(serve, collector):
    def start(ratio="0", **env):
        return serve(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": ratio, **env})

    return start


def post(server, parent=None, text=TEXT):
    shop = server.shops[0]
    headers = {"traceparent": parent} if parent else {}
    answer = server.request(
        "POST", "/api/v1/shops/messages", shop.member, json={"shop_id": shop.id, "message": text}, headers=headers)
    assert answer.status_code == 201
    return answer


def spans_of(collector, count, trace=None):
    """Waits for so many spans, of one trace if it is given."""

    def found():
        spans = [span for span in collector.spans() if trace in (None, span["traceId"])]
        return spans if len(spans) >= count else None

    return wait_until(found, SECONDS, f"{count} spans are exported")


def test_a_post_has_its_spans(traced, collector):
    server = traced(OTEL_SERVICE_NAME="bakery", OTEL_EXPORTER_OTLP_HEADERS="x-tenant=a%20b, x-key=c")
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.admin) as stream:
        post(server, SAMPLED)
        assert receive(stream)["message"] == TEXT
    spans = spans_of(collector, 4, TRACE)
    by_name = {span["name"]: span for span in spans}
    assert sorted(by_name) == ["POST createMessage", "publish", "send", "store"] and len(spans) == 4
    request, store, publish, send = (by_name[name] for name in ("POST createMessage", "store", "publish", "send"))
    assert request["parentSpanId"] == PARENT
    assert store["parentSpanId"] == publish["parentSpanId"] == request["spanId"]
    assert send["parentSpanId"] == publish["spanId"]
    assert len({span["spanId"] for span in spans}) == 4 and all(len(span["spanId"]) == 16 for span in spans)
    assert [request["kind"], store["kind"]] == [2, 1]
    assert all(span["status"] == {} for span in spans)
    found = attributes(request)
    assert found["http.request.method"] == "POST" and found["http.response.status_code"] == "201"
    assert found["shopstream.shop_id"] == shop.id and found["shopstream.route"] == "createMessage"
    assert attributes(publish)["shopstream.subscribers"] == "1"
    times = {name: (int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])) for name, span in by_name.items()}
    assert all(start <= end for start, end in times.values())
    assert times["POST createMessage"][0] <= times["store"][0]
    assert times["store"][1] <= times["publish"][0] <= times["publish"][1] <= times["send"][0]

    path, headers, body, _ = collector.requests[0]
    assert path == "/v1/traces" and headers["Content-Type"] == "application/json"
    assert headers["x-tenant"] == "a b" and headers["x-key"] == "c"
    resource = attributes(body["resourceSpans"][0]["resource"])
    assert resource["service.name"] == "bakery" and resource["service.instance.id"]
    text = json.dumps(collector.batches())
    assert TEXT not in text and token(shop.member).split(".")[2] not in text and shop.member not in text


@pytest.fixture(scope="module")
def database():
    with migrated() as postgres:
        yield postgres


def test_changes_that_the_database_reports_have_all_spans(serve, collector, database):
    """Nodes that share a database publish what it reports, their own changes too."""
    shared = {"SHOPSTREAM_POSTGRES_SHARED": "true"}
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": "0"}
    server = serve(store=database.uri, env={**shared, **traces})
    other = serve(store=database.uri, env=shared)
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.admin) as near, open_stream(other, shop.id, shop.admin) as far:
        message = post(server, SAMPLED).json()["data"]
        assert receive(near)["id"] == receive(far)["id"] == message["id"]
        edited_trace = TRACE[::-1]
        answer = server.request(
            "PUT", "/api/v1/shops/messages", shop.member, json={"message_id": message["id"], "message": TEXT + "!"},
            headers={"traceparent": f"00-{edited_trace}-{PARENT}-01"})
        assert answer.status_code == 200
        assert receive(near)["message"] == receive(far)["message"] == TEXT + "!"
        # Of another node's change this one has no trace.
        post(other, SAMPLED)
        assert receive(near)["id"] == receive(far)["id"]
    for trace, name in ((TRACE, "POST createMessage"), (edited_trace, "PUT editMessage")):
        spans = spans_of(collector, 4, trace)
        by_name = {span["name"]: span for span in spans}
        assert sorted(by_name) == sorted([name, "publish", "send", "store"]) and len(spans) == 4
        assert by_name["publish"]["parentSpanId"] == by_name["store"]["parentSpanId"] == by_name[name]["spanId"]
        assert by_name["send"]["parentSpanId"] == by_name["publish"]["spanId"]
        assert attributes(by_name["publish"])["shopstream.subscribers"] == "1"


def test_only_what_the_caller_records_is_recorded_when_the_ratio_is_0(traced, collector):
    server = traced()
    post(server)
    post(server, f"00-{TRACE}-{PARENT}-00")
    for malformed in (f"00-{TRACE}-{PARENT}-1", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01", "x"):
        post(server, malformed)
    last = "1" * 32
    post(server, f"00-{last}-{PARENT}-01")
    spans_of(collector, 3, last)
    assert {span["traceId"] for span in collector.spans()} == {last}


def test_all_traces_are_recorded_when_the_ratio_is_1(traced, collector):
    server = traced("1")
    shop = server.shops[0]
    post(server)
    answer = server.request("GET", f"/api/v1/shops/{shop.id}/messages", shop.member)
    assert answer.status_code == 200
    server.request("GET", "/healthz")
    assert server.request("GET", "/openapi.json", headers={"Connection": "close"}).status_code == 200
    spans = spans_of(collector, 5)
    assert all(span["status"] == {} for span in spans)
    roots = sorted(span["name"] for span in spans if "parentSpanId" not in span)
    assert roots == ["GET listMessages", "GET openAPI", "POST createMessage"], "probes have no span"
    assert len({span["traceId"] for span in spans}) == 3


def test_a_failure_of_the_store_is_in_its_spans(traced, collector):
    server = traced("0")
    other = sqlite3.connect(server.folder / "shopstream.sqlite", isolation_level=None)
    other.execute("ALTER TABLE shop_messages RENAME TO gone")
    other.close()
    shop = server.shops[0]
    answer = server.request(
        "POST", "/api/v1/shops/messages", shop.member, json={"shop_id": shop.id, "message": TEXT},
        headers={"traceparent": SAMPLED})  # fmt: skip
    assert answer.status_code == 500
    spans = {span["name"]: span for span in spans_of(collector, 1, TRACE)}
    assert spans["POST createMessage"]["status"]["code"] == 2
    assert attributes(spans["POST createMessage"])["http.response.status_code"] == "500"

    def line():
        return [one for one in server.log().splitlines() if f'"trace_id":"{TRACE}"' in one]

    assert "store failed" in wait_until(line, 10, "the line names the trace")[0]


def test_spans_leave_in_batches(traced, collector):
    server = traced("1")
    for _ in range(200):
        post(server)
    # 3 spans each: one full batch at once, the rest when its time is over.
    wait_until(lambda: len(collector.spans()) >= 600, SECONDS, "all spans are exported")
    sizes = [len(body["resourceSpans"][0]["scopeSpans"][0]["spans"]) for body in collector.batches()]
    assert max(sizes) <= 512 and len(sizes) < 20
    assert server.metric("shopstream_trace_spans_total", result="exported") >= 600


def test_an_overloaded_collector_is_asked_again(serve):
    collector = Collector(statuses=[503, 429])
    try:
        server = serve(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": "0"})
        post(server, SAMPLED)
        spans_of(collector, 3, TRACE)
        assert [status for *_, status in collector.requests] == [503, 429, 200]
        assert server.metric("shopstream_trace_spans_total", result="failed") == 0
    finally:
        collector.end()


def test_spans_reach_a_collector_with_tls(serve, authority):
    collector = Collector(certificate=authority.issue("localhost"))
    try:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{collector.url}/", "OTEL_TRACES_SAMPLER_ARG": "0"}
        server = serve(env={**env, "SSL_CERT_FILE": str(authority.path)})
        post(server, SAMPLED)
        spans_of(collector, 3, TRACE)
        assert collector.requests[0][0] == "/v1/traces"
    finally:
        collector.end()


def test_a_refused_batch_is_dropped(serve):
    collector = Collector(statuses=[400])
    try:
        server = serve(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": "0"})
        post(server, SAMPLED)

        def failed():
            return server.metric("shopstream_trace_spans_total", result="failed") == 3

        wait_until(failed, SECONDS, "the spans are counted as failed")
        wait_until(lambda: "spans were not exported" in server.log(), 10, "the line is written")
    finally:
        collector.end()


def test_a_collector_that_is_away_delays_nothing_and_fills_no_memory(serve):
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}", "OTEL_TRACES_SAMPLER_ARG": "1"}
    server = serve(env=env)

    def dropped():
        for _ in range(100):
            post(server)
        return server.metric("shopstream_trace_spans_total", result="dropped") > 0

    wait_until(dropped, 60, "the queue is full")
    server.must_serve()
    assert server.terminate() == 0


def test_a_stop_sends_the_last_spans(traced, collector):
    server = traced()
    post(server, SAMPLED)
    assert server.terminate() == 0
    assert len([span for span in collector.spans() if span["traceId"] == TRACE]) == 3


def test_an_open_stream_is_a_request_that_has_ended(traced, collector):
    server = traced("1")
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.admin):
        span = next(span for span in spans_of(collector, 1) if span["name"] == "GET stream")
    assert attributes(span)["http.response.status_code"] == "101" and attributes(span)["shopstream.shop_id"] == shop.id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a?b=c"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"), ("OTEL_TRACES_SAMPLER_ARG", "some"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a hunter2"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_refused(serve, name, value):
    server = serve(ready=False, env={name: value}).launch()
    assert server.wait() == 78
    assert name in server.log() and "hunter2" not in server.log()
