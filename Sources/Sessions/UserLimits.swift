internal import Auth
package import Primitives

/// How many requests one user may have in flight and how much a user may do in a time. 0 is no limit.
public struct UserLimitSettings: Sendable, Equatable {
    /// Lists, pages and images in flight, each until its answer was sent.
    public var readCountMax = 8
    /// Uploads in flight.
    public var uploadCountMax = 2
    /// Messages created, edited and deleted in a second, on average …
    public var writesPerSecond = 20
    /// … and at once, after a pause.
    public var writeCountBurst = 60
    /// Bytes of images stored within an hour.
    public var uploadBytesPerHour = 100 << 20

    /// The defaults.
    public init() {}
}

/// How many streams one user may have open and how often one may try.
package struct StreamLimitSettings: Sendable, Equatable {
    /// Streams over all shops.
    package var streamCountMax = Auth.Limits.streamsPerUserDefault
    /// Whether a stream over that limit replaces the user's oldest one; else it is refused.
    package var replacesOldest = false
    /// Attempts in a minute; 0 is no limit.
    package var attemptsPerMinuteMax = Auth.Limits.attemptCountDefault

    package init() {}
}

/// What the users of one shard have open and in flight, and did lately, against the limits of one user.
///
/// It lives on the shard that owns the user's hash, so that the limits hold over all reactors. A value without a clock
/// and without I/O; time is an argument. Every operation is O(1). A user without anything open, in flight or done
/// lately costs nothing: counts end at zero, and what is remembered for a time is bounded and dropped after it.
package struct UserLimits {
    /// A user, by a hash under this process's random key: names would be most of the memory. Two users share their limits
    /// if their hashes meet, by chance and not by design.
    package struct User: Hashable, Sendable {
        private let hash: Int

        package init(_ userID: UserID) { hash = userID.hashValue }
    }

    let settings: UserLimitSettings
    let streamSettings: StreamLimitSettings
    /// The shard that counts these users.
    let shardIndex: Int
    var attempts: AttemptLimiter<User>
    var quota: StreamQuota
    /// Empty unless newer streams replace older ones.
    var order = StreamOrder()
    var inFlight: [User: ActivityCounts] = [:]
    /// When the user's bucket of writes is full again, in nanoseconds of the clock (the generic cell rate algorithm).
    var writesRefilledAt: GenerationTable<UInt64>
    var uploads: GenerationTable<UploadWindow>

    /// Limits under which nothing is open and nothing in flight.
    package init(
        _ settings: UserLimitSettings = UserLimitSettings(), streams: StreamLimitSettings = StreamLimitSettings(),
        shardIndex: Int = 0, userCountMax: Int = Limits.limitedUserCountMax
    ) {
        self.settings = settings
        streamSettings = streams
        self.shardIndex = shardIndex
        // Without a limit nothing asks it.
        attempts = AttemptLimiter(attemptCountMax: max(1, streams.attemptsPerMinuteMax))
        quota = StreamQuota(streamsPerUserMax: streams.streamCountMax)
        let refillSeconds = settings.writesPerSecond == 0 ? 1 : settings.writeCountBurst / settings.writesPerSecond + 1
        writesRefilledAt = GenerationTable(period: .seconds(refillSeconds), countMax: userCountMax)
        uploads = GenerationTable(period: UploadWindow.duration, countMax: userCountMax)
    }

    /// The values that are kept for a time.
    package var rememberedCount: Int { writesRefilledAt.count + uploads.count }
    /// Values that were dropped before their time: the limit was not enforced for them.
    package var evictionCount: Int { writesRefilledAt.evictionCount + uploads.evictionCount + attempts.evictionCount }

    /// Drops what no longer counts; for housekeeping.
    package mutating func removeExpired(at now: MonotonicInstant) {
        writesRefilledAt.removeExpired(at: now)
        uploads.removeExpired(at: now)
        attempts.removeExpired(now: now)
    }
}
