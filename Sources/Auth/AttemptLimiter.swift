public import Primitives

/// Allows each key an exact number of attempts in any window of time: it logs the times of allowed attempts instead of
/// an average. A refused attempt does not count, so a client that waits for `Retry-After` is allowed.
///
/// A value without a clock; a `now` earlier than the latest one counts as the latest one. Confined to its owner. Every
/// operation is O(1). A key costs a table entry and four bytes for each attempt of a window. It is dropped when its
/// last attempt has left the window. When there are `keyCountMax` keys, a new one evicts the key that was idle longest.
public struct AttemptLimiter<Key: Hashable> {
    /// The decision about an attempt.
    public enum Decision: Hashable, Sendable {
        /// The attempt counts and may proceed.
        case allowed
        /// The attempt is refused. The earliest attempt that would be allowed is `retryAfterSeconds` away, rounded up,
        /// at least 1: the value of `Retry-After`.
        case refused(retryAfterSeconds: Int)
    }

    private struct Slot {
        var key: Key?
        /// The adjacent slots in the order of the last attempt; -1 at the ends.
        var older: Int32 = -1
        var newer: Int32 = -1
        /// The number of logged attempts, and the position of the next one in this slot's ring.
        var count: UInt8 = 0
        var next: UInt8 = 0
    }

    private static var none: Int32 { -1 }
    /// Beyond this many milliseconds the origin moves, so that 32 bits hold every time that still matters.
    private static var originAgeMaxMilliseconds: UInt64 { 1 << 31 }

    /// The number of attempts that a window allows, 1 to `Limits.attemptCountMax`.
    public let attemptCountMax: Int
    /// The maximum number of keys that are remembered.
    public let keyCountMax: Int
    /// How often a key was evicted while its attempts still counted, so that the limit was not enforced for it.
    public private(set) var evictionCount = 0

    private let windowMilliseconds: UInt32
    private var originMilliseconds: UInt64 = 0
    private var latestMilliseconds: UInt64 = 0
    private var indices: [Key: Int32] = [:]
    private var slots: [Slot] = []
    /// The rings of all slots, `attemptCountMax` each: milliseconds since the origin.
    private var times: [UInt32] = []
    private var vacancies: [Int32] = []
    private var oldest: Int32 = -1
    private var newest: Int32 = -1

    /// The number of keys that are remembered.
    public var keyCount: Int { indices.count }

    /// Creates a limiter of `attemptCountMax` attempts per `window` (1 ms to 7 days).
    public init(
        attemptCountMax: Int = Limits.attemptCountDefault,
        window: Duration = .seconds(60),
        keyCountMax: Int = Limits.attemptKeyCountDefault
    ) {
        precondition((1...Limits.attemptCountMax).contains(attemptCountMax), "attempts a window out of range")
        precondition(window >= .milliseconds(1) && window <= .seconds(7 * 86_400), "window out of range")
        precondition(keyCountMax >= 1 && keyCountMax < Int(Int32.max), "number of keys out of range")
        self.attemptCountMax = attemptCountMax
        self.keyCountMax = keyCountMax
        windowMilliseconds = UInt32(window.wholeNanoseconds / 1_000_000)
    }

    /// Requests one attempt of `key` at `now`.
    public mutating func attempt(_ key: Key, now: MonotonicInstant) -> Decision {
        let time = relativeTime(of: now)
        // At most one key is added below, so removing two keeps the table free of expired keys.
        removeExpired(time: time, countMax: 2)
        guard let index = indices[key] else {
            let index = makeSlot(for: key, time: time)
            log(time, at: index)
            return .allowed
        }
        let earliest = earliestTime(at: index)
        if slots[Int(index)].count == attemptCountMax && time - earliest < windowMilliseconds {
            let waitMilliseconds = windowMilliseconds - (time - earliest)
            return .refused(retryAfterSeconds: max(1, Int((waitMilliseconds + 999) / 1000)))
        }
        log(time, at: index)
        unlink(index)
        linkNewest(index)
        return .allowed
    }

    /// Drops up to `countMax` keys whose attempts have all left the window; for a timer. O(`countMax`).
    public mutating func removeExpired(now: MonotonicInstant, countMax: Int = 256) {
        removeExpired(time: relativeTime(of: now), countMax: countMax)
    }
}

// MARK: - Times

extension AttemptLimiter {
    /// Milliseconds since the origin. Moves the origin, in O(keys), about once in 25 days.
    private mutating func relativeTime(of now: MonotonicInstant) -> UInt32 {
        latestMilliseconds = max(latestMilliseconds, now.nanoseconds / 1_000_000)
        if indices.isEmpty { originMilliseconds = latestMilliseconds }
        let age = latestMilliseconds - originMilliseconds
        if age <= Self.originAgeMaxMilliseconds { return UInt32(age) }
        // Times of more than a window ago are equivalent. They are clamped to the new origin, a window before now.
        let shift = age - UInt64(windowMilliseconds)
        originMilliseconds += shift
        for index in times.indices {
            times[index] = UInt64(times[index]) > shift ? times[index] - UInt32(shift) : 0
        }
        return windowMilliseconds
    }

    private func latestTime(at index: Int32) -> UInt32 {
        let slot = slots[Int(index)]
        let last = slot.next == 0 ? attemptCountMax - 1 : Int(slot.next) - 1
        return times[Int(index) * attemptCountMax + last]
    }

    /// The time that the next attempt overwrites: in a full ring, the earliest.
    private func earliestTime(at index: Int32) -> UInt32 {
        times[Int(index) * attemptCountMax + Int(slots[Int(index)].next)]
    }

    private mutating func log(_ time: UInt32, at index: Int32) {
        let slot = Int(index)
        times[slot * attemptCountMax + Int(slots[slot].next)] = time
        slots[slot].next = Int(slots[slot].next) + 1 == attemptCountMax ? 0 : slots[slot].next + 1
        if slots[slot].count < attemptCountMax { slots[slot].count += 1 }
    }
}

// MARK: - Slots

extension AttemptLimiter {
    private mutating func removeExpired(time: UInt32, countMax: Int) {
        for _ in 0..<countMax {
            guard oldest != Self.none, time - latestTime(at: oldest) >= windowMilliseconds else { return }
            vacate(oldest)
        }
    }

    private mutating func makeSlot(for key: Key, time: UInt32) -> Int32 {
        if indices.count == keyCountMax {
            evictionCount += 1
            vacate(oldest)
        }
        let index: Int32
        if let vacant = vacancies.popLast() {
            index = vacant
            slots[Int(index)] = Slot(key: key)
        } else {
            index = Int32(slots.count)
            slots.append(Slot(key: key))
            times.append(contentsOf: repeatElement(0, count: attemptCountMax))
        }
        indices[key] = index
        linkNewest(index)
        return index
    }

    private mutating func vacate(_ index: Int32) {
        unlink(index)
        if let key = slots[Int(index)].key { indices[key] = nil }
        slots[Int(index)] = Slot(key: nil)
        vacancies.append(index)
    }

    private mutating func linkNewest(_ index: Int32) {
        slots[Int(index)].older = newest
        slots[Int(index)].newer = Self.none
        if newest == Self.none { oldest = index } else { slots[Int(newest)].newer = index }
        newest = index
    }

    private mutating func unlink(_ index: Int32) {
        let (older, newer) = (slots[Int(index)].older, slots[Int(index)].newer)
        if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
        if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
    }
}
