import Auth
import Broker
import Primitives
import Reactor
import Sessions
import Storage
import WebSocket

// To add a metric: a counter in `ShardCounters`, and a row here.

extension Metric {
    /// All metrics, in the order of `/metrics`.
    static let all: [Metric] = streams + failures + reactors + tls + store + keys + database + process

    private static let streams: [Metric] = [
        .gauge("websocket_connections", "Open streams.") { $0.sum(\.counters.openStreams) },
        .untyped("websocket_connections_total", "The same as websocket_connections.") {
            $0.sum(\.counters.openStreams)
        },
        .gauge("websocket_connections_by_shop", "Open streams of the shops with the most.", by: "shop_id") {
            $0.topShops
        },
        .gauge("websocket_active_shops", "Shops with open streams.") { $0.sum(\.openShopCount) },
        .histogram("websocket_connection_duration_seconds", "How long streams were open.") {
            $0.histogram(\.connectionSeconds)
        },
        .counter("websocket_messages_broadcast_total", "Events published, each counted once.") {
            $0.sum(\.counters.broadcasts)
        },
        .counter("websocket_messages_delivered_total", "Frames handed to the sockets of subscribers.") {
            $0.sum(\.deliveredFrameCount)
        },
        .histogram("websocket_broadcast_latency_seconds", "From the stored message to its first sends.") {
            $0.histogram(\.broadcastMilliseconds)?.scaled(by: 1e-3)
        },
        .histogram("websocket_broadcast_latency_ms", "The same in milliseconds.") {
            $0.histogram(\.broadcastMilliseconds)
        },
        .counter("websocket_received_bytes_total", "Bytes that clients sent on their streams.") {
            $0.sum(\.counters.clientBytes)
        },
        .gauge("websocket_lagging_subscribers", "Streams that are not caught up.") {
            $0.sum(\.trailingSubscriberCount)
        },
        .gauge("websocket_retained_bytes", "Bytes of messages held for streams that are not caught up.") {
            $0.sum(\.retainedByteCount)
        },
    ]

    private static let failures: [Metric] = [
        .counter("websocket_broadcast_errors_total", "Streams that were too slow for what was published.") {
            $0.sum(\.counters.broadcastErrors)
        },
        .counter("websocket_auth_failures_total", "Tokens refused.", by: "kind") {
            $0.sums(\.metricLabel, of: AuthError.allCases, \.authFailures)
        },
        .counter("websocket_upgrade_failures_total", "Streams refused, by status.", by: "status") {
            $0.sums({ String($0) }, of: [400, 401, 403, 426, 429, 500, 503], \.upgradeFailures)
        },
        .counter(
            "websocket_protocol_errors_total", "Streams closed for a broken protocol, by close code.", by: "code"
        ) { $0.sums({ String($0) }, of: WebSocketError.allCases.map(\.closeCode.rawValue), \.protocolErrors) },
        .counter("websocket_disconnects_total", "Ends of streams.", by: "reason") {
            $0.sums(\.label, of: Disconnect.allCases, \.disconnects)
        },
        .untyped("websocket_disconnect_reasons", "The same as websocket_disconnects_total.", by: "reason") {
            $0.sums(\.label, of: Disconnect.allCases, \.disconnects)
        },
        .counter("http_responses_total", "Responses by status.", by: "status") {
            $0.sums({ String($0) }, \.responsesByStatus)
        },
        .counter("http_responses_cut_total", "Responses that ended early, by reason.", by: "reason") {
            $0.sums(\.rawValue, of: ResponseCut.allCases, \.responsesCut)
        },
        .counter(
            "http_idle_connections_closed_total",
            "Connections closed as no request came in time, by what came before.", by: "after"
        ) { $0.sums(\.rawValue, of: IdleClose.allCases, \.idleCloses) },
        .counter("http_malformed_requests_total", "Requests that were no HTTP.") {
            $0.sum(\.counters.malformedRequests)
        },
        .counter("http_address_limit_refusals_total", "Connections over the limit of their address.") {
            $0.sum(\.counters.addressLimitRefusals)
        },
        .counter("http_user_limit_refusals_total", "Requests over a limit of their user, by limit.", by: "limit") {
            $0.sums({ $0 }, of: UserLimits.Refusal.labels, \.userLimitRefusals)
        },
    ]

    private static let reactors: [Metric] = [
        .gauge("shopstream_reactor_connections", "Connections.", by: "reactor") {
            $0.byReactor { Double($0.connectionCount) }
        },
        .gauge("shopstream_reactor_connections_max", "Connections for which a reactor has descriptors.", by: "reactor")
        {
            $0.byReactor { Double($0.connectionCountMax) }
        },
        .histogram(
            "shopstream_reactor_loop_lag_seconds",
            "How long turns of the loops took: what arrives meanwhile waits for so long."
        ) { $0.loopLag },
        // The turns of one reactor: two samples instead of the fifteen of a histogram.
        .counter("shopstream_reactor_long_turns_total", "Turns of the loop that took over 10 ms.", by: "reactor") {
            $0.byReactor { Double($0.reactor.loopLag.longTurnCount) }
        },
        .gauge(
            "shopstream_reactor_longest_turn_seconds",
            "The longest turn of the loop in the last 60 to 120 s.", by: "reactor"
        ) { $0.byReactor { Double($0.longestTurnNanoseconds) / 1e9 } },
        .gauge(
            "shopstream_reactor_retained_bytes", "Bytes of messages held for streams that are not caught up.",
            by: "reactor"
        ) { $0.byReactor { Double($0.retainedByteCount) } },
        .counter(
            "shopstream_reactor_slow_closes_total", "Streams closed as their clients were too slow.", by: "reactor"
        ) { $0.byReactor { Double($0.counters.slowCloseCount) } },
        .gauge("shopstream_reactor_pending_commands", "Commands of other reactors that wait.", by: "reactor") {
            $0.byReactor { Double($0.pendingCommandCount) }
        },
        .gauge(
            "shopstream_ring_pending_completions_max",
            "The most completions that waited at once; each may hold a receive buffer.", by: "reactor"
        ) { $0.byReactor { Double($0.reactor.pendingCompletionCountMax) } },
        .gauge(
            "shopstream_ring_free_buffers_min",
            "The fewest receive buffers that were free so far; 0 once a receive found none.", by: "reactor"
        ) { $0.byReactor { Double($0.freeReceiveBufferCountMin) } },
        .counter("shopstream_reactor_turns_total", "Turns of the loop.", by: "reactor") {
            $0.byReactor { Double($0.reactor.turnCount) }
        },
        .counter("shopstream_ring_completions_total", "Completions handled.", by: "reactor") {
            $0.byReactor { Double($0.reactor.completionCount) }
        },
        .counter(
            "shopstream_ring_stale_completions_total", "Completions of connections that were gone.", by: "reactor"
        ) { $0.byReactor { Double($0.reactor.staleCompletionCount) } },
        .counter("shopstream_ring_buffer_shortages_total", "Receives that found no buffer.", by: "reactor") {
            $0.byReactor { Double($0.reactor.bufferShortageCount) }
        },
        .counter("shopstream_accepts_total", "Connections accepted.", by: "reactor") {
            $0.byReactor { Double($0.reactor.acceptCount) }
        },
        .counter("shopstream_accept_failures_total", "Accepts that failed.", by: "reactor") {
            $0.byReactor { Double($0.reactor.acceptFailureCount) }
        },
        .counter(
            "shopstream_ring_wake_failures_total", "Wakes of other reactors that the ring could not do.",
            by: "reactor"
        ) { $0.byReactor { Double($0.reactor.wakeFailureCount) } },
        .counter(
            "shopstream_stranded_descriptors_total", "Descriptors that a failed pass left in a table.", by: "reactor"
        ) { $0.byReactor { Double($0.reactor.strandedDescriptorCount) } },
        .counter(
            "shopstream_forgotten_too_early_total",
            "Tokens, and attempts of users and addresses, that were forgotten for lack of room.", by: "reactor"
        ) { $0.byReactor { Double($0.forgottenTooEarlyCount) } },
        .gauge("shopstream_response_bytes", "Bytes of responses that are not read yet.", by: "reactor") {
            $0.byReactor { Double($0.responseByteCount) }
        },
        .counter("shopstream_reactor_jobs_total", "Pieces of tasks run.", by: "reactor") {
            $0.byReactor { Double($0.reactor.jobCount) }
        },
        .counter("shopstream_reactor_wait_seconds_total", "Time spent waiting for events.", by: "reactor") {
            $0.byReactor { Double($0.reactor.waitNanoseconds) / 1e9 }
        },
        .counter(
            "shopstream_reactor_seconds_total", "Time by phase of the loop; all phases are all of a reactor's time.",
            by: ("reactor", "phase")
        ) { $0.byPhase },
        .counter(
            "shopstream_reactor_pauses_total", "Spans in which a reactor was kept from running.", by: "reactor"
        ) { $0.byReactor { Double($0.reactor.pauseCount) } },
        .counter(
            "shopstream_reactor_paused_seconds_total",
            "Time in which a reactor was kept from running, and that no deadline of a client counts.", by: "reactor"
        ) { $0.byReactor { Double($0.reactor.pausedNanoseconds) / 1e9 } },
    ]

    private static let store: [Metric] = [
        .gauge(
            "shopstream_store_takeover_waiting_calls",
            "Calls that wait until another server has given the store up."
        ) { $0.takeoverWaitingCallCount.map(Double.init) },
        .counter("shopstream_store_messages_total", "Messages stored.") { Double($0.store.storedCount) },
        .counter("shopstream_store_commits_total", "Transactions.") { Double($0.store.commitCount) },
        .gauge("shopstream_store_waiting_messages", "Messages that wait for their commit.") {
            Double($0.store.waitingMessageCount)
        },
        .gauge("shopstream_store_batch_messages_max", "The most messages that one transaction stored.") {
            Double($0.store.batchMessageCountMax)
        },
        .counter("shopstream_orphaned_images_total", "Images removed that no message named.") {
            $0.sum(\.counters.orphanedImages)
        },
        .counter("shopstream_store_errors_total", "Failures of the store.", by: "code") {
            $0.sums(\.code, of: StorageError.Kind.allCases, \.storageErrors)
        },
    ]

    /// With TLS only.
    private static let tls: [Metric] = [
        .counter("shopstream_tls_handshakes_total", "Handshakes that ended, by result.", by: "result") { figures in
            guard figures.certificates != nil else { return nil }
            return figures.sums(\.rawValue, of: TLSHandshakeResult.allCases, \.tlsHandshakes)
        },
        .gauge("shopstream_tls_handshakes_in_progress", "Handshakes that have begun and are not complete.") {
            $0.certificates == nil ? nil : $0.sum(\.handshakeCount)
        },
        .gauge(
            "shopstream_tls_certificate_expiry_timestamp_seconds",
            "The end of each certificate's validity, by its first name.", by: "name"
        ) { $0.certificates?.expiries },
        .counter(
            "shopstream_tls_certificate_reloads_total", "Reads of changed certificates, by result.", by: "result"
        ) { $0.certificates.map { [("changed", Double($0.changeCount)), ("failed", Double($0.failureCount))] } },
    ]

    /// With keys from a file or an issuer only.
    private static let keys: [Metric] = [
        .counter("shopstream_key_set_reads_total", "Reads of the keys of tokens.") {
            ($0.keys?.readCount).map(Double.init)
        },
        .counter("shopstream_key_set_changes_total", "Reads that found other keys.") {
            ($0.keys?.changeCount).map(Double.init)
        },
        .counter("shopstream_key_set_failures_total", "Reads that failed: the old keys went on.") {
            ($0.keys?.failureCount).map(Double.init)
        },
        .gauge("shopstream_key_set_current", "Whether the last read of the keys succeeded.") {
            ($0.keys?.isCurrent).map { $0 ? 1 : 0 }
        },
        .gauge("shopstream_key_set_age_seconds", "How long ago the keys were last read.") {
            ($0.keys?.age).map { Double($0.wholeNanoseconds) / 1e9 }
        },
    ]

    /// With PostgreSQL only.
    private static let database: [Metric] = [
        .gauge("shopstream_database_connections", "Connections that are configured.", by: "reactor") {
            $0.byPool(\.connectionCount)
        },
        .gauge("shopstream_database_connections_ready", "Connections that stand.", by: "reactor") {
            $0.byPool(\.readyConnectionCount)
        },
        .counter(
            "shopstream_database_connections_lost_total", "Connections that stood and were lost.", by: "reactor"
        ) { $0.byPool(\.lostConnectionCount) },
        .gauge("shopstream_database_pending_reads", "Reads that were not answered.", by: "reactor") {
            $0.byPool(\.pendingReadCount)
        },
        .gauge("shopstream_database_pending_writes", "Writes that were not answered.", by: "reactor") {
            $0.byPool(\.pendingWriteCount)
        },
        .gauge("shopstream_database_listening", "Whether changes of other writers are heard.") {
            ($0.broker?.isReceiving).map { $0 ? 1 : 0 }
        },
        .counter("shopstream_database_gaps_total", "How often changes may have been missed and were read again.") {
            ($0.broker?.gapCount).map(Double.init)
        },
        .gauge(
            "shopstream_database_node_lock_held",
            "Whether the node holds the lock without which it writes nothing."
        ) { ($0.broker?.holdsNodeLock).map { $0 ? 1 : 0 } },
        .counter(
            "shopstream_database_notifications_refused_total", "Notifications that the triggers did not send."
        ) { ($0.broker?.refusedNotificationCount).map(Double.init) },
    ]

    private static let process: [Metric] = [
        .gauge("shopstream_ready", "Whether /readyz is answered with 200.") { $0.isReady ? 1 : 0 },
        .counter(
            "shopstream_configuration_reloads_total", "Reads of the settings after the start, by result.", by: "result"
        ) { $0.settingReloads },
        .counter("process_cpu_seconds_total", "User and system time.") { $0.process.cpuSeconds },
        .gauge("process_resident_memory_bytes", "Resident memory.") { Double($0.process.residentByteCount) },
        .gauge("process_resident_memory_max_bytes", "The most resident memory so far.") {
            Double($0.process.residentByteCountMax)
        },
        .gauge("process_start_time_seconds", "When the server started, in seconds of Unix time.") {
            Double($0.startedAt.microsecondsSinceEpoch) / 1e6
        },
        .counter("shopstream_memory_trims_total", "Returns of free memory to the kernel.") { _ in
            Double(FreeMemory.trimCount)
        },
        .counter("shopstream_log_lines_dropped_total", "Log lines dropped, as standard error took no more.") {
            Double($0.log.droppedLineCount)
        },
        .counter(
            "shopstream_trace_spans_total",
            "Spans of traces, by outcome: exported, dropped as the queue was full, or not taken by the collector.",
            by: "result"
        ) {
            $0.traces.map {
                [
                    ("exported", Double($0.exportedCount)), ("dropped", Double($0.droppedCount)),
                    ("failed", Double($0.failedCount)),
                ]
            }
        },
        .counter("shopstream_log_lines_suppressed_total", "Log lines left out, as too many of their kind came.") {
            Double($0.log.suppressedLineCount)
        },
    ]
}
