public import Primitives

/// Counts the connections of each user and refuses those beyond the limit.
///
/// It lives on the reactor that owns the user's hash, so that a race for the last place has one winner. A value,
/// confined to that reactor. Every operation is O(1).
///
/// Idle connections pay for this table, so it holds no identifiers: a user is a 64-bit hash under a key that is
/// random in each process, and costs 10 bytes of table at a load of 3/8 to 3/4. Two users would share their places
/// if their hashes met, by chance about once in 37 million runs with a million users each, and not by design, since
/// nobody outside knows the key.
public struct ConnectionLimiter {
    /// One connection's place: to be given back once, by `release`, when the connection has ended for whatever
    /// reason. Copies name the same place.
    public struct Place: Hashable, Sendable {
        fileprivate let user: UInt64

        /// The place that every connection of this user has.
        public init(of userID: UserID) {
            var hasher = Hasher()
            hasher.combine(userID)
            user = UInt64(bitPattern: Int64(hasher.finalize()))
        }

        /// Whether it is a place of this user's.
        public func belongs(to userID: UserID) -> Bool { self == Place(of: userID) }
    }

    /// The places that each user has, 1 to `Limits.connectionsPerUserMax`.
    public let connectionsPerUserMax: Int
    private var counts: [UInt64: UInt16] = [:]

    /// The users that hold a place now.
    public var userCount: Int { counts.count }

    /// A limiter under which nobody holds a place.
    public init(connectionsPerUserMax: Int = Limits.connectionsPerUserDefault) {
        precondition(
            (1...Limits.connectionsPerUserMax).contains(connectionsPerUserMax), "connections a user out of range")
        self.connectionsPerUserMax = connectionsPerUserMax
    }

    /// A place for one more connection of `userID`, or nil when they are all taken. O(1).
    public mutating func reserve(_ userID: UserID) -> Place? {
        let place = Place(of: userID)
        let count = counts[place.user, default: 0]
        if count >= connectionsPerUserMax { return nil }
        counts[place.user] = count + 1
        return place
    }

    /// Gives a place back. Giving back more places than the user holds is a bug and stops the process. O(1).
    public mutating func release(_ place: Place) {
        guard let count = counts[place.user] else {
            preconditionFailure("a place was given back that nobody holds")
        }
        counts[place.user] = count == 1 ? nil : count - 1
    }

    /// The places that `userID` holds now. O(1).
    public func connectionCount(of userID: UserID) -> Int {
        Int(counts[Place(of: userID).user, default: 0])
    }
}
