internal import Primitives

/// Decides whether a peer that takes a response or sends an upload moves bytes fast enough.
///
/// Each `Limits.progressBytesPerSecondMin` bytes extend the deadline by a second. A transfer begins with
/// `progressWait`, and its deadline is at most `progressCreditMax` ahead: kernels move bytes in lumps of some 64 KiB,
/// and a steady peer of 5 KiB/s is silent for 13 s between two of them. The total time is not limited.
struct ProgressWatch: Sendable {
    /// When the peer counts as stalled, unless it moves more bytes. The owner's timer is due then.
    private(set) var deadline: MonotonicInstant

    /// Begins a transfer.
    init(at now: MonotonicInstant) { deadline = now + Limits.progressWait }

    /// The peer moved bytes. For a response these are the bytes that the kernel took from us. O(1).
    mutating func moved(byteCount: Int, at now: MonotonicInstant) {
        let bought = Duration.microseconds(byteCount * 1_000_000 / Limits.progressBytesPerSecondMin)
        deadline = min(max(deadline, now) + bought, now + Limits.progressCreditMax)
    }

    /// The peer waited for the server, and is not charged for this time.
    mutating func waitedForUs(_ duration: Duration) { deadline = deadline + duration }

    /// Whether the peer is stalled. A late call shows that this process was paused, while no peer could move bytes: the
    /// transfer then has `progressWait` again.
    mutating func isStalled(at now: MonotonicInstant) -> Bool {
        guard now >= deadline else { return false }
        guard now.since(deadline) > Limits.timerLatenessMax else { return true }
        deadline = now + Limits.progressWait
        return false
    }
}
