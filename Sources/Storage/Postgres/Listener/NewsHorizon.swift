import Primitives

/// The transaction before which nothing is news: all that older ones wrote was told, or changed before this node
/// listened. A forged notification of an old message therefore publishes nothing.
///
/// Two generations, turned together with `RecentChanges`: what is younger than the horizon is still remembered there.
struct NewsHorizon {
    private var older: Int64?
    private var younger: Int64?
    private var latest: Int64?

    /// The horizon, nil before one is known.
    var transaction: Int64? { older }

    /// The oldest transaction that is in progress, as the database said it at a moment at which the node listens.
    mutating func saw(_ transaction: Int64) {
        latest = transaction
        if older == nil { (older, younger) = (transaction, transaction) }
    }

    /// A generation is over: all that is older than its beginning was told.
    mutating func turn() {
        older = younger
        younger = latest
    }
}

/// The state that was told last of each message, for as long as `RecentChanges` remembers it.
struct ToldLast {
    private var younger: [MessageID: RecentChanges.Key] = [:]
    private var older: [MessageID: RecentChanges.Key] = [:]
    private static let generationCountMax = 65_536

    /// Whether another state than `key` was told last of the message.
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
