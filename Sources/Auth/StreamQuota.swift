public import Primitives

/// Counts the open streams of each user and refuses those beyond the limit.
///
/// A value, confined to the reactor that owns the user's hash, so that a race for the last slot has one winner. Every
/// operation is O(1).
///
/// Each idle stream pays for this table, so it contains no identifiers. A user is a 64-bit hash under a key that is
/// random in each process, and costs 10 bytes of table at a load of 3/8 to 3/4. Two users share their slots if their
/// hashes collide: by chance about once in 37 million runs with a million users each, and not on purpose, since the key
/// never leaves the process.
public struct StreamQuota {
    /// The quota slot of one stream. `release` it once, when the stream has ended for any reason. Copies denote the
    /// same slot, and the slots of one user are equal.
    public struct Slot: Hashable, Sendable {
        fileprivate let user: UInt64

        /// A slot of this user.
        public init(of userID: UserID) {
            var hasher = Hasher()
            hasher.combine(userID)
            user = UInt64(bitPattern: Int64(hasher.finalize()))
        }

        /// Whether this is a slot of the user.
        public func belongs(to userID: UserID) -> Bool { self == Slot(of: userID) }
    }

    /// The number of slots per user, 1 to `Limits.streamsPerUserMax`.
    public private(set) var streamsPerUserMax: Int
    private var counts: [UInt64: UInt16] = [:]

    /// The number of users that hold a slot.
    public var userCount: Int { counts.count }

    /// Creates a quota with all slots free.
    public init(streamsPerUserMax: Int = Limits.streamsPerUserDefault) {
        precondition((1...Limits.streamsPerUserMax).contains(streamsPerUserMax), "streams a user out of range")
        self.streamsPerUserMax = streamsPerUserMax
    }

    /// Changes the number of slots per user. A user that holds more keeps them.
    public mutating func setStreamsPerUserMax(_ count: Int) {
        precondition((1...Limits.streamsPerUserMax).contains(count), "streams a user out of range")
        streamsPerUserMax = count
    }

    /// Reserves a slot for one more stream of `userID`; nil when all are taken. O(1).
    public mutating func reserve(_ userID: UserID) -> Slot? {
        let slot = Slot(of: userID)
        let count = counts[slot.user, default: 0]
        if count >= streamsPerUserMax { return nil }
        counts[slot.user] = count + 1
        return slot
    }

    /// Releases a slot. Releasing more slots than the user holds is a bug and stops the process. O(1).
    public mutating func release(_ slot: Slot) {
        guard let count = counts[slot.user] else { preconditionFailure("a quota slot was released that is not held") }
        counts[slot.user] = count == 1 ? nil : count - 1
    }

    /// The number of slots that `userID` holds. O(1).
    public func streamCount(of userID: UserID) -> Int { Int(counts[Slot(of: userID).user, default: 0]) }
}
