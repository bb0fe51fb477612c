internal import Auth
package import Primitives

/// The number of requests that one user may have in flight, and the rates of one user. 0 means no limit.
public struct UserLimitSettings: Sendable, Equatable {
    /// Lists, pages and images in flight, each until its response was sent.
    public var readCountMax = 8
    /// Uploads in flight.
    public var uploadCountMax = 2
    /// Messages created, edited and deleted per second, on average.
    public var writesPerSecond = 20
    /// The same writes in one burst, after a pause.
    public var writeCountBurst = 60
    /// Bytes of images stored per hour.
    public var uploadBytesPerHour = 100 << 20

    /// The defaults.
    public init() {}

    /// Whether reads are limited.
    package var areReadsLimited: Bool { readCountMax > 0 }
    /// Whether writes are limited.
    package var areWritesLimited: Bool { writesPerSecond > 0 && writeCountBurst > 0 }
    /// Whether the bytes of uploads are limited.
    package var areUploadBytesLimited: Bool { uploadBytesPerHour > 0 }
}

/// The number of streams that one user may have open, and the rate of attempts.
package struct StreamLimitSettings: Sendable, Equatable {
    /// Streams over all shops.
    package var streamCountMax = Auth.Limits.streamsPerUserDefault
    /// Whether a stream over that limit replaces the user's oldest one. Otherwise it is refused.
    package var replacesOldest = false
    /// Attempts per minute; 0 means no limit.
    package var attemptsPerMinuteMax = Auth.Limits.attemptCountDefault

    package init() {}
}

/// Counts what the users of one shard have open and in flight, and did recently, against the limits of one user.
///
/// It belongs to the shard that owns the user's hash, so the limits hold over all reactors. A value without a clock and
/// without I/O; the time is an argument. Every operation is O(1). A user with nothing open, in flight or done recently
/// costs nothing: counts end at zero, and what is remembered for a time is bounded and dropped after it.
package struct UserLimits {
    /// A user, as a hash under this process's random key: names would take most of the memory. Two users share their
    /// limits if their hashes collide, by chance and not on purpose.
    package struct User: Hashable, Sendable {
        private let hash: Int

        package init(_ userID: UserID) { hash = userID.hashValue }
    }

    /// Read by the field: a query of the limits would copy all of them.
    package private(set) var settings: UserLimitSettings
    private(set) var streamSettings: StreamLimitSettings
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
    /// Evictions by earlier limiters of attempts.
    private var earlierEvictionCount = 0

    /// Creates limits with nothing open and nothing in flight.
    package init(
        _ settings: UserLimitSettings = UserLimitSettings(), streams: StreamLimitSettings = StreamLimitSettings(),
        shardIndex: Int = 0, userCountMax: Int = Limits.limitedUserCountMax
    ) {
        self.settings = settings
        streamSettings = streams
        self.shardIndex = shardIndex
        // Not used when attempts are not limited.
        attempts = AttemptLimiter(attemptCountMax: max(1, streams.attemptsPerMinuteMax))
        quota = StreamQuota(streamsPerUserMax: streams.streamCountMax)
        writesRefilledAt = GenerationTable(period: Self.refillTime(settings), countMax: userCountMax)
        uploads = GenerationTable(period: UploadWindow.duration, countMax: userCountMax)
    }

    /// The time in which an empty bucket of writes is full again.
    private static func refillTime(_ settings: UserLimitSettings) -> Duration {
        .seconds(settings.writesPerSecond == 0 ? 1 : settings.writeCountBurst / settings.writesPerSecond + 1)
    }

    /// Changes the limits. What is open and in flight stays and is counted, and so are recent writes and uploads. With
    /// another limit of attempts, earlier attempts no longer count. Streams that were opened while newer streams did not
    /// replace older ones have no order, and are not replaced.
    package mutating func change(_ settings: UserLimitSettings, streams: StreamLimitSettings) {
        self.settings = settings
        writesRefilledAt.period = Self.refillTime(settings)
        quota.setStreamsPerUserMax(streams.streamCountMax)
        if streams.attemptsPerMinuteMax != streamSettings.attemptsPerMinuteMax {
            earlierEvictionCount += attempts.evictionCount
            attempts = AttemptLimiter(attemptCountMax: max(1, streams.attemptsPerMinuteMax))
        }
        streamSettings = streams
    }

    /// The number of values that are remembered for a time.
    package var rememberedCount: Int { writesRefilledAt.count + uploads.count }
    /// Values that were evicted too early, so that the limit was not enforced for them.
    package var evictionCount: Int {
        writesRefilledAt.evictionCount + uploads.evictionCount + attempts.evictionCount + earlierEvictionCount
    }

    /// Drops what no longer counts. For housekeeping.
    package mutating func removeExpired(at now: MonotonicInstant) {
        writesRefilledAt.removeExpired(at: now)
        uploads.removeExpired(at: now)
        attempts.removeExpired(now: now)
    }
}
