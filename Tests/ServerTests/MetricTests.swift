import API
import Auth
import Broker
import Primitives
import Reactor
import Sessions
import Testing

@testable import Server
@testable import Storage

@Suite struct MetricTests {
    private func figures(
        _ shards: [ShardSnapshot], keys: KeyReloader.Statistics? = nil,
        certificates: ServerCertificates.Statistics? = nil, takeoverWaitingCallCount: Int? = nil,
        traces: SpanQueue.Statistics? = nil
    ) -> ServerFigures {
        ServerFigures(
            shards: shards, store: StoreStatistics(), takeoverWaitingCallCount: takeoverWaitingCallCount, keys: keys,
            certificates: certificates, traces: traces, settingReloads: ReloadCounts().byResult,
            process: ProcessFigures(), log: LogWriter.Statistics(),
            startedAt: Timestamp(microsecondsSinceEpoch: 0), readiness: .ready)
    }

    /// The samples of one family.
    private func samples(of name: String, in figures: ServerFigures) -> [String] {
        Metric.text(figures).split(separator: "\n").filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }.map(
            String.init)
    }

    @Test func `every metric has a name of its own, of the form that Prometheus takes, and a help`() {
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
        for metric in Metric.all {
            #expect(metric.name.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "_") })
            #expect(!metric.help.isEmpty && !metric.help.contains("\n"))
        }
    }

    @Test func `metrics of TLS are there with TLS only`() {
        let name = "shopstream_tls_handshakes_total"
        #expect(samples(of: name, in: figures([ShardSnapshot()])).isEmpty)
        var shard = ShardSnapshot()
        shard.counters.tlsHandshakes = [.full: 3, .failed: 1]
        var certificates = ServerCertificates.Statistics()
        certificates.expiries = [("shop.example", 1_900_000_000)]
        certificates.failureCount = 2
        let figures = figures([shard, shard], certificates: certificates)
        #expect(samples(of: name, in: figures).contains("\(name){result=\"full\"} 6"))
        #expect(samples(of: name, in: figures).contains("\(name){result=\"evicted\"} 0"))
        #expect(
            samples(of: "shopstream_tls_certificate_expiry_timestamp_seconds", in: figures)
                == ["shopstream_tls_certificate_expiry_timestamp_seconds{name=\"shop.example\"} 1900000000"])
        #expect(
            samples(of: "shopstream_tls_certificate_reloads_total", in: figures)
                .contains("shopstream_tls_certificate_reloads_total{result=\"failed\"} 2"))
    }

    @Test func `figures of all shards are added up, by their labels and in histograms too`() {
        var first = ShardSnapshot()
        first.counters.broadcasts = 2
        first.counters.responsesByStatus = [200: 3, 404: 1]
        first.counters.connectionSeconds.observe(0.5)
        var second = ShardSnapshot()
        second.counters.broadcasts = 40
        second.counters.responsesByStatus = [200: 10]
        second.counters.connectionSeconds.observe(5)
        let figures = figures([first, second])
        #expect(
            samples(of: "websocket_messages_broadcast_total", in: figures) == ["websocket_messages_broadcast_total 42"])
        #expect(
            samples(of: "http_responses_total", in: figures) == [
                "http_responses_total{status=\"200\"} 13", "http_responses_total{status=\"404\"} 1",
            ])
        #expect(
            samples(of: "websocket_connection_duration_seconds_sum", in: figures) == [
                "websocket_connection_duration_seconds_sum 5.5"
            ])
        #expect(
            samples(of: "websocket_connection_duration_seconds_count", in: figures) == [
                "websocket_connection_duration_seconds_count 2"
            ])
    }

    @Test func `a reactor's figure has its index`() {
        var second = ShardSnapshot()
        second.connectionCount = 7
        #expect(
            samples(of: "shopstream_reactor_connections", in: figures([ShardSnapshot(), second])) == [
                "shopstream_reactor_connections{reactor=\"0\"} 0", "shopstream_reactor_connections{reactor=\"1\"} 7",
            ])
    }

    @Test(arguments: [
        ("shopstream_reactor_retained_bytes", "900"), ("shopstream_reactor_slow_closes_total", "3"),
        ("shopstream_reactor_longest_turn_seconds", "0.25"), ("shopstream_reactor_long_turns_total", "0"),
        ("shopstream_ring_free_buffers_min", "7"), ("shopstream_accepts_total", "5"),
        ("shopstream_reactor_pauses_total", "4"),
    ])
    func `one bad reactor is found by its index`(name: String, value: String) {
        var bad = ShardSnapshot()
        bad.retainedByteCount = 900
        bad.counters.disconnects = [.slowConsumer: 2, .writeTimeout: 1, .clientClosed: 8]
        bad.longestTurnNanoseconds = 250_000_000
        bad.freeReceiveBufferCountMin = 7
        (bad.reactor.acceptCount, bad.reactor.pauseCount) = (5, 4)
        #expect(
            samples(of: name, in: figures([ShardSnapshot(), bad]))
                == ["\(name){reactor=\"0\"} 0", "\(name){reactor=\"1\"} \(value)"])
    }

    @Test func `a reactor's time has its index and its phase`() {
        let rows = samples(of: "shopstream_reactor_seconds_total", in: figures([ShardSnapshot(), ShardSnapshot()]))
        #expect(rows.count == 2 * ReactorPhase.allCases.count)
        #expect(rows.contains("shopstream_reactor_seconds_total{reactor=\"1\",phase=\"flush\"} 0"))
    }

    @Test func `every reason of an end is exported from the start`() {
        let rows = samples(of: "websocket_disconnect_reasons", in: figures([ShardSnapshot()]))
        #expect(
            rows == Disconnect.allCases.map(\.label).sorted().map { "websocket_disconnect_reasons{reason=\"\($0)\"} 0" }
        )
    }

    @Test func `every known label of a failure is exported from the start`() {
        let figures = figures([ShardSnapshot()])
        for (name, rows) in [
            ("shopstream_store_errors_total", StorageError.Kind.allCases.map { "code=\"\($0.code)\"" }),
            ("websocket_auth_failures_total", AuthError.allCases.map { "kind=\"\($0.metricLabel)\"" }),
            ("websocket_upgrade_failures_total", ["400", "401", "403", "426", "429", "500", "503"].map(status)),
            ("websocket_protocol_errors_total", ["1002", "1007", "1009"].map { "code=\"\($0)\"" }),
            ("http_user_limit_refusals_total", ["reads", "upload_bytes", "uploads", "writes"].map(limit)),
        ] {
            #expect(samples(of: name, in: figures).sorted() == rows.map { "\(name){\($0)} 0" }.sorted())
        }
    }

    private func status(_ code: String) -> String { "status=\"\(code)\"" }
    private func limit(_ name: String) -> String { "limit=\"\(name)\"" }

    @Test func `a count is added to those of the labels that were not counted`() {
        var shard = ShardSnapshot()
        shard.counters.storageErrors = [.busy: 2]
        let rows = samples(of: "shopstream_store_errors_total", in: figures([shard, shard]))
        #expect(rows.count == StorageError.Kind.allCases.count)
        #expect(rows.contains("shopstream_store_errors_total{code=\"storage_busy\"} 4"))
    }

    @Test func `the shops with the most streams are named, with their ids escaped`() {
        var first = ShardSnapshot()
        first.topShops = [(ShopID("a\"b\\c\nd"), 2)]
        #expect(
            samples(of: "websocket_connections_by_shop", in: figures([first])) == [
                #"websocket_connections_by_shop{shop_id="a\"b\\c\nd"} 2"#
            ])
    }

    @Test func `metrics that a server does not have are left out, with their help`() {
        let text = Metric.text(figures([ShardSnapshot()]))
        for part in [
            "shopstream_key_set", "shopstream_database", "shopstream_store_takeover", "shopstream_tls",
            "shopstream_trace",
        ] {
            #expect(!text.contains(part))
        }
        var shard = ShardSnapshot()
        shard.pool = PostgresPoolStatistics()
        shard.broker = BrokerStatistics(
            isReceiving: true, gapCount: 3, refusedNotificationCount: 0, holdsNodeLock: false)
        let all = figures(
            [shard], keys: KeyReloader.Statistics(), certificates: ServerCertificates.Statistics(),
            takeoverWaitingCallCount: 4, traces: SpanQueue.Statistics(droppedCount: 5))
        #expect(
            samples(of: "shopstream_trace_spans_total", in: all)
                .contains("shopstream_trace_spans_total{result=\"dropped\"} 5"))
        #expect(samples(of: "shopstream_key_set_current", in: all) == ["shopstream_key_set_current 1"])
        #expect(samples(of: "shopstream_database_gaps_total", in: all) == ["shopstream_database_gaps_total 3"])
        #expect(
            samples(of: "shopstream_store_takeover_waiting_calls", in: all) == [
                "shopstream_store_takeover_waiting_calls 4"
            ])
        for metric in Metric.all {
            #expect(Metric.text(all).contains("# TYPE \(metric.name) \(metric.kind.rawValue)\n"))
        }
    }
}
