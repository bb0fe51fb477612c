/// Where a verdict draws its lines. Shares are 0 to 1.
package struct VerdictLimits: Sendable {
    /// The part of what was asked for that counts as all of it.
    var reachedShareMin = 0.99
    /// Messages that may be offered within the steady phase and accepted behind it: no shortfall, as others that were
    /// offered before it are accepted within.
    var underWayCountMax = 2
    /// The busy share from which a reactor, or the server, counts as full: beyond it queues grow out of proportion.
    var busyShareMax = 0.85
    /// The p99 of the generator's lateness, and of its receive delay, that is harmless whatever the latencies are: a
    /// timer's and a turn's slack.
    var ownNanosecondsMax: UInt64 = 1_000_000
    /// The part of the delivery latency's p99 that either may make up.
    var ownShareMax = 0.25
    /// The share of requests that may find all posting connections busy before they count as a possible limit.
    var postersBusyShareMax = 0.1

    /// The default limits.
    package init() {}
}
