import Storage

/// What is known of the connection that hears what others change in the database.
struct ListenerFigures: Sendable {
    let isListening: Bool
    let gapCount: Int
    let refusedNotificationCount: Int
    let holdsNodeLock: Bool
}

extension Shard {
    /// The connections to PostgreSQL; nothing with another store.
    func writeDatabase(_ snapshots: [ShardSnapshot], _ text: inout PrometheusText) {
        let pools = snapshots.enumerated().compactMap { index, snapshot in snapshot.pool.map { (String(index), $0) } }
        guard !pools.isEmpty else { return }
        func write(_ name: String, _ type: String, _ help: String, _ value: (PostgresPoolStatistics) -> Int) {
            text.labelled(name, type, help, "reactor", pools.map { ($0.0, Double(value($0.1))) })
        }
        write("shopstream_database_connections", "gauge", "Connections that are configured.") { $0.connectionCount }
        write("shopstream_database_connections_ready", "gauge", "Connections that stand.") { $0.readyConnectionCount }
        write("shopstream_database_connections_lost_total", "counter", "Connections that stood and were lost.") {
            $0.lostConnectionCount
        }
        write("shopstream_database_pending_reads", "gauge", "Reads that were not answered.") { $0.pendingReadCount }
        write("shopstream_database_pending_writes", "gauge", "Writes that were not answered.") { $0.pendingWriteCount }
        guard let listener = snapshots.lazy.compactMap(\.listener).first else { return }
        text.single(
            "shopstream_database_listening", "gauge", "Whether changes of other writers are heard.",
            listener.isListening ? 1 : 0)
        text.single(
            "shopstream_database_gaps_total", "counter", "How often changes may have been missed and were read again.",
            Double(listener.gapCount))
        text.single(
            "shopstream_database_node_lock_held", "gauge",
            "Whether the node holds the lock without which it writes nothing.", listener.holdsNodeLock ? 1 : 0)
        text.single(
            "shopstream_database_notifications_refused_total", "counter",
            "Notifications that the triggers did not send.", Double(listener.refusedNotificationCount))
    }
}
