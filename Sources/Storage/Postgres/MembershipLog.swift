import Primitives

/// A row of the log of changed memberships.
struct LoggedChange: Hashable, Sendable {
    /// The number of the transaction that wrote it.
    let position: Int64
    let change: MembershipChange
}

/// What a store knows of the log of changed memberships.
struct MembershipLog: Sendable {
    /// The position that the last answer gave.
    var position: Int64?
    /// Rows of the last answer that lie at or behind that position, so that the next answer finds them again.
    var toldAgain: Set<LoggedChange> = []
    var readAt: MonotonicInstant?
    /// When it was last said that more changed than is told one by one.
    var toldFullAt: MonotonicInstant?
    var purgedAt: MonotonicInstant?
}
