import Auth
import Glibc
import Hub
import Primitives
import Reactor
import Sessions
import Storage

/// A shard's figures at one moment.
struct ShardSnapshot: Sendable {
    var counters = ShardCounters()
    var reactor = ReactorStatistics()
    var openShops = 0
    var connections = 0
    var laggingSubscribers = 0
    var retainedBytes = 0
    var deliveredFrames: UInt64 = 0
    var topShops: [(shop: ShopID, streams: Int)] = []
    var forgottenTooEarly: UInt64 = 0
    var responseBytes = 0
    /// Nil unless the store is PostgreSQL.
    var pool: PostgresPoolStatistics?
    /// Nil but for the shard that hears what others change.
    var listener: ListenerFigures?
}

/// The figures that health answers need.
struct ServerTotals: Sendable {
    let openStreams: Int
    let openShops: Int
}

extension Shard {
    /// Copies this shard's figures; on its own reactor.
    private func snapshot() -> ShardSnapshot {
        var snapshot = ShardSnapshot()
        snapshot.counters = counters
        snapshot.reactor = reactor.statistics
        snapshot.openShops = hub.shopCount
        snapshot.connections = reactor.connectionCount
        snapshot.laggingSubscribers = hub.trailingCount
        snapshot.retainedBytes = hub.retainedByteCount
        snapshot.responseBytes = http.responseBytes.used
        snapshot.pool = (storage.store as? PostgresStore)?.poolStatistics
        snapshot.listener = storage.listener.map {
            ListenerFigures(
                isListening: $0.isListening, gapCount: $0.gapCount,
                refusedNotificationCount: $0.refusedNotificationCount, holdsNodeLock: storage.nodeLock?.isHeld ?? false)
        }
        snapshot.deliveredFrames = hub.deliveredFrameCount
        snapshot.topShops = hub.topShops(countMax: ServerLimits.metricsShopCountMax).map {
            ($0.shop, $0.subscriberCount)
        }
        snapshot.forgottenTooEarly = UInt64(
            userLimits.evictionCount + addressLimits.evictionCount + authenticator.cacheStatistics.evictionCount)
        return snapshot
    }

    private func snapshots() async -> [ShardSnapshot] {
        var snapshots: [ShardSnapshot] = []
        for peer in directory.members { snapshots.append(await onShard(peer) { shard in shard.snapshot() }) }
        return snapshots
    }

    func totals() async -> ServerTotals {
        let snapshots = await snapshots()
        return ServerTotals(
            openStreams: snapshots.reduce(0) { $0 + $1.counters.openStreams },
            openShops: snapshots.reduce(0) { $0 + $1.openShops })
    }

    /// `GET /metrics`
    func metrics() async -> Response {
        let snapshots = await snapshots()
        var total = ShardCounters()
        for snapshot in snapshots { total.add(snapshot.counters) }
        var text = PrometheusText()
        writeStreams(total, snapshots, &text)
        writeFailures(total, &text)
        writeReactors(snapshots, &text)
        writePauses(snapshots, &text)
        writeStore(total, &text)
        writeKeys(&text)
        writeDatabase(snapshots, &text)
        writeProcess(&text)
        return Response(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.text.utf8))
    }

    private func writeStreams(_ total: ShardCounters, _ snapshots: [ShardSnapshot], _ text: inout PrometheusText) {
        text.single("websocket_connections_total", "gauge", "Open streams.", Double(total.openStreams))
        var shops: [ShopID: Int] = [:]
        for snapshot in snapshots { for (shop, count) in snapshot.topShops { shops[shop, default: 0] += count } }
        let top = shops.sorted { $0.value > $1.value }.prefix(ServerLimits.metricsShopCountMax)
        text.labelled(
            "websocket_connections_by_shop", "gauge", "Open streams of the shops with the most.", "shop_id",
            top.map { ($0.key.text, Double($0.value)) })
        text.single(
            "websocket_active_shops", "gauge", "Shops with open streams.",
            Double(snapshots.reduce(0) { $0 + $1.openShops }))
        text.histogram(
            "websocket_connection_duration_seconds", "How long streams were open.", total.connectionSeconds)
        text.single(
            "websocket_messages_broadcast_total", "counter", "Messages broadcast, each counted once.",
            Double(total.broadcasts))
        text.single(
            "websocket_messages_delivered_total", "counter", "Frames handed to the sockets of subscribers.",
            Double(snapshots.reduce(0) { $0 + $1.deliveredFrames }))
        text.histogram(
            "websocket_broadcast_latency_ms", "From the stored message to its first sends, in milliseconds.",
            total.broadcastMilliseconds)
        text.single(
            "websocket_received_bytes_total", "counter", "Bytes that clients sent on their streams.",
            Double(total.clientBytes))
        text.single(
            "websocket_lagging_subscribers", "gauge", "Streams that are not caught up.",
            Double(snapshots.reduce(0) { $0 + $1.laggingSubscribers }))
        text.single(
            "websocket_retained_bytes", "gauge", "Bytes of messages held for streams that are not caught up.",
            Double(snapshots.reduce(0) { $0 + $1.retainedBytes }))
    }

    private func writeFailures(_ total: ShardCounters, _ text: inout PrometheusText) {
        text.single(
            "websocket_broadcast_errors_total", "counter", "Streams that a broadcast could not reach: too slow.",
            Double(total.broadcastErrors))
        text.labelled(
            "websocket_auth_failures_total", "counter", "Tokens refused.", "kind",
            total.authFailures.map { ($0.key.metricLabel, Double($0.value)) })
        text.labelled(
            "websocket_upgrade_failures_total", "counter", "Streams refused, by status.", "status",
            total.upgradeFailures.map { (String($0.key), Double($0.value)) })
        text.labelled(
            "websocket_protocol_errors_total", "counter", "Streams closed for a broken protocol, by close code.",
            "code",
            total.protocolErrors.map { (String($0.key), Double($0.value)) })
        text.labelled(
            "websocket_disconnect_reasons", "counter", "Ends of streams.", "reason",
            DisconnectReason.allCases.map { ($0.label, Double(total.disconnects[$0] ?? 0)) })
        text.labelled(
            "http_responses_total", "counter", "Responses by status.", "status",
            total.responsesByStatus.map { (String($0.key), Double($0.value)) })
        text.labelled(
            "http_responses_cut_total", "counter", "Responses that ended early, by reason.", "reason",
            total.responsesCut.map { ($0.key.rawValue, Double($0.value)) })
        text.single(
            "http_malformed_requests_total", "counter", "Requests that were no HTTP.", Double(total.malformedRequests))
        text.single(
            "http_address_limit_refusals_total", "counter", "Connections over the limit of their address.",
            Double(total.addressLimitRefusals))
        text.labelled(
            "http_user_limit_refusals_total", "counter", "Requests over a limit of their user, by limit.", "limit",
            total.userLimitRefusals.map { ($0.key, Double($0.value)) })
    }

    private func writeReactors(_ snapshots: [ShardSnapshot], _ text: inout PrometheusText) {
        func rows(_ value: (ShardSnapshot) -> UInt64) -> [(String, Double)] {
            snapshots.enumerated().map { (String($0.offset), Double(value($0.element))) }
        }
        text.labelled(
            "shopstream_reactor_connections", "gauge", "Connections.", "reactor", rows { UInt64($0.connections) })
        text.labelled(
            "shopstream_reactor_turns_total", "counter", "Turns of the loop.", "reactor", rows { $0.reactor.turnCount })
        text.labelled(
            "shopstream_ring_completions_total", "counter", "Completions handled.", "reactor",
            rows { $0.reactor.completionCount })
        text.labelled(
            "shopstream_ring_stale_completions_total", "counter", "Completions of connections that were gone.",
            "reactor", rows { $0.reactor.staleCompletionCount })
        text.labelled(
            "shopstream_ring_buffer_shortages_total", "counter", "Receives that found no buffer.", "reactor",
            rows { $0.reactor.bufferShortageCount })
        text.labelled(
            "shopstream_accept_failures_total", "counter", "Accepts that failed.", "reactor",
            rows { $0.reactor.acceptFailureCount })
        text.labelled(
            "shopstream_ring_wake_failures_total", "counter", "Wakes of other reactors that the ring could not do.",
            "reactor", rows { $0.reactor.wakeFailureCount })
        text.labelled(
            "shopstream_stranded_descriptors_total", "counter", "Descriptors that a failed pass left in a table.",
            "reactor", rows { $0.reactor.strandedDescriptorCount })
        text.labelled(
            "shopstream_forgotten_too_early_total", "counter",
            "Tokens, and attempts of users and addresses, that were forgotten for lack of room.", "reactor",
            rows { $0.forgottenTooEarly })
        text.labelled(
            "shopstream_response_bytes", "gauge", "Bytes of responses that are not read yet.", "reactor",
            rows { UInt64($0.responseBytes) })
        text.labelled(
            "shopstream_reactor_jobs_total", "counter", "Pieces of tasks run.", "reactor", rows { $0.reactor.jobCount })
        text.family("shopstream_reactor_wait_seconds_total", "counter", "Time spent waiting for events.")
        for (index, snapshot) in snapshots.enumerated() {
            text.sample(
                "shopstream_reactor_wait_seconds_total", [("reactor", String(index))],
                Double(snapshot.reactor.waitNanoseconds) / 1e9)
        }
    }

    private func writePauses(_ snapshots: [ShardSnapshot], _ text: inout PrometheusText) {
        text.family(
            "shopstream_reactor_paused_seconds_total", "counter",
            "Time in which a reactor was kept from running, and that no deadline of a client counts.")
        for (index, snapshot) in snapshots.enumerated() {
            text.sample(
                "shopstream_reactor_paused_seconds_total", [("reactor", String(index))],
                Double(snapshot.reactor.pausedNanoseconds) / 1e9)
        }
    }

    private func writeStore(_ total: ShardCounters, _ text: inout PrometheusText) {
        let statistics = storage.store.statistics
        if let takeover = storage.takeover {
            text.single(
                "shopstream_store_takeover_waiting_calls", "gauge",
                "Calls that wait until another server has given the store up.", Double(takeover.waitingCallCount))
        }
        text.single(
            "shopstream_store_messages_total", "counter", "Messages stored.", Double(statistics.storedCount))
        text.single("shopstream_store_commits_total", "counter", "Transactions.", Double(statistics.commitCount))
        text.single(
            "shopstream_store_waiting_messages", "gauge", "Messages that wait for their commit.",
            Double(statistics.waitingMessageCount))
        text.single(
            "shopstream_store_batch_messages_max", "gauge", "The most messages that one transaction stored.",
            Double(statistics.batchMessageCountMax))
        text.single(
            "shopstream_orphaned_images_total", "counter", "Images removed that no message named.",
            Double(total.orphanedImages))
        text.labelled(
            "shopstream_store_errors_total", "counter", "Failures of the store.", "code",
            total.storageErrors.map { ($0.key.code, Double($0.value)) })
    }

    private func writeProcess(_ text: inout PrometheusText) {
        var usage = rusage()
        // SAFETY: the call writes the local and keeps no pointer.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        text.single(
            "process_cpu_seconds_total", "counter", "User and system time.",
            seconds(usage.ru_utime) + seconds(usage.ru_stime))
        text.single(
            "process_resident_memory_max_bytes", "gauge", "The most resident memory so far.",
            Double(usage.ru_maxrss) * 1_024)
        text.single(
            "process_start_time_seconds", "gauge", "When the server started, in seconds of Unix time.",
            Double(environment.startedAt.microsecondsSinceEpoch) / 1e6)
        let log = LogWriter.standardError.statistics
        text.single(
            "shopstream_log_lines_dropped_total", "counter", "Log lines dropped, as standard error took no more.",
            Double(log.droppedLineCount))
        text.single(
            "shopstream_log_lines_suppressed_total", "counter", "Log lines left out, as too many of their kind came.",
            Double(log.suppressedLineCount))
    }
}
