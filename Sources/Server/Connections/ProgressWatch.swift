import Primitives

/// Decides whether a peer moves bytes fast enough: it takes a response, or sends an upload.
///
/// Each byte buys time: `ServerLimits.progressBytesPerSecondMin` of them a second. A transfer begins with
/// `progressWait`, and has at most `progressCreditMax` ahead: kernels move bytes in lumps of some 64 KiB, and a steady
/// peer of 5 KiB/s is silent for 13 s between two of them. The total time does not matter.
struct ProgressWatch: Sendable {
    /// When the peer counts as stalled, unless it moves more bytes. The owner's timer is due then.
    private(set) var deadline: MonotonicInstant

    /// A transfer that begins.
    init(at now: MonotonicInstant) { deadline = now + ServerLimits.progressWait }

    /// The peer moved bytes. For a response these are the bytes that the kernel took from us. O(1).
    mutating func moved(byteCount: Int, at now: MonotonicInstant) {
        let bought = Duration.microseconds(byteCount * 1_000_000 / ServerLimits.progressBytesPerSecondMin)
        deadline = min(max(deadline, now) + bought, now + ServerLimits.progressCreditMax)
    }

    /// The peer waited for us so long: that time is not its own.
    mutating func waitedForUs(_ duration: Duration) { deadline = deadline + duration }

    /// Whether the peer is stalled. A question that comes late shows that this process paused, in which no peer could
    /// move anything: the transfer then has `progressWait` again.
    mutating func isStalled(at now: MonotonicInstant) -> Bool {
        guard now >= deadline else { return false }
        guard now.since(deadline) > ServerLimits.timerLatenessMax else { return true }
        deadline = now + ServerLimits.progressWait
        return false
    }
}
