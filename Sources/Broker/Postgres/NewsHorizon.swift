internal import Primitives
internal import Storage

/// The transaction before which nothing is news: what older transactions wrote was reported already, or changed before
/// this node listened. A forged notification of an old message therefore publishes nothing.
///
/// There are two generations, rotated together with `RecentChanges`, which still remembers what is younger than the
/// horizon.
struct NewsHorizon {
    private var older: Int64?
    private var younger: Int64?
    private var latest: Int64?

    /// The horizon; nil until one is known.
    var transaction: Int64? { older }

    /// Records the oldest transaction in progress, as the database reported it while the node was listening.
    mutating func saw(_ transaction: Int64) {
        latest = transaction
        if older == nil { (older, younger) = (transaction, transaction) }
    }

    /// Ends a generation: everything older than its beginning was reported.
    mutating func turn() {
        older = younger
        younger = latest
    }
}

/// The last reported state of each message, for as long as `RecentChanges` remembers it.
struct LastReported {
    private var younger: [MessageID: RecentChanges.Key] = [:]
    private var older: [MessageID: RecentChanges.Key] = [:]
    private static let generationCountMax = 65_536

    /// Whether the last reported state of the message differs from `key`.
    func isOther(_ id: MessageID, than key: RecentChanges.Key) -> Bool {
        guard let last = younger[id] ?? older[id] else { return false }
        return last != key
    }

    mutating func note(_ id: MessageID, _ key: RecentChanges.Key) {
        if younger.count >= Self.generationCountMax { turn() }
        younger[id] = key
    }

    mutating func turn() {
        older = younger
        younger = [:]
    }
}
