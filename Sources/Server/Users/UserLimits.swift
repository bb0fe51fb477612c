import Primitives

/// What users have in flight and did lately, against the limits of one user.
///
/// It lives on the shard that owns the user's hash, so that the limits hold over all reactors. A value without a clock
/// and without I/O. Every operation is O(1). A user who has nothing in flight and did nothing lately costs nothing:
/// counts in flight go at zero, and what is remembered for a time is bounded and dropped after it.
struct UserLimits {
    /// A user, by a hash under this process's random key: names would be most of the memory. Two users would share
    /// their limits if their hashes met, by chance and not by design.
    struct User: Hashable, Sendable {
        private let hash: Int

        init(_ userID: UserID) { hash = userID.hashValue }
    }

    /// Something that is in flight, from `begin` to `end`.
    enum Activity: Sendable, Hashable {
        /// A list, a page or an image, until its answer was sent.
        case read
        /// An upload, from its head to its answer.
        case upload
    }

    /// A limit that a request would exceed.
    enum Refusal: Error, Hashable {
        case reads
        case uploads
        case writes(retryAfterSeconds: Int)
        case uploadBytes(retryAfterSeconds: Int)
    }

    private struct Counts {
        var reads: UInt16 = 0
        var uploads: UInt16 = 0
    }

    private let settings: UserLimitSettings
    private var inFlight: [User: Counts] = [:]
    /// When the user's bucket of writes is full again, in nanoseconds of the clock (the generic cell rate algorithm).
    private var writesRefilledAt: GenerationTable<UInt64>
    private var uploads: GenerationTable<UploadWindow>

    /// Limits under which nothing is in flight.
    init(_ settings: UserLimitSettings, userCountMax: Int = ServerLimits.limitedUserCountMax) {
        self.settings = settings
        let refillSeconds = settings.writesPerSecond == 0 ? 1 : settings.writeCountBurst / settings.writesPerSecond + 1
        writesRefilledAt = GenerationTable(period: .seconds(refillSeconds), countMax: userCountMax)
        uploads = GenerationTable(period: UploadWindow.duration, countMax: userCountMax)
    }

    /// Whether an activity is limited at all: if not, it need not be begun.
    func isLimited(_ activity: Activity) -> Bool { countMax(of: activity) > 0 }
    /// Whether writes are limited at all.
    var areWritesLimited: Bool { settings.writesPerSecond > 0 && settings.writeCountBurst > 0 }
    /// Whether the bytes of uploads are limited at all.
    var areUploadBytesLimited: Bool { settings.uploadBytesPerHour > 0 }

    /// The users that have something in flight.
    var activeUserCount: Int { inFlight.count }
    /// The values that are kept for a time.
    var rememberedCount: Int { writesRefilledAt.count + uploads.count }
    /// Values that were dropped before their time: the limit was not enforced for them.
    var evictionCount: Int { writesRefilledAt.evictionCount + uploads.evictionCount }

    /// Drops what no longer counts; for housekeeping.
    mutating func removeExpired(at now: MonotonicInstant) {
        writesRefilledAt.removeExpired(at: now)
        uploads.removeExpired(at: now)
    }
}

// MARK: - In flight

extension UserLimits {
    private func countMax(of activity: Activity) -> Int {
        switch activity {
        case .read: settings.readCountMax
        case .upload: settings.uploadCountMax
        }
    }

    /// How many of an activity a user has in flight.
    func count(of activity: Activity, by user: User) -> Int {
        let counts = inFlight[user] ?? Counts()
        return switch activity {
        case .read: Int(counts.reads)
        case .upload: Int(counts.uploads)
        }
    }

    /// Begins an activity, which must be ended once.
    mutating func begin(_ activity: Activity, by user: User) throws(Refusal) {
        guard count(of: activity, by: user) < countMax(of: activity) else {
            switch activity {
            case .read: throw .reads
            case .upload: throw .uploads
            }
        }
        add(1, of: activity, by: user)
    }

    /// Ends an activity that was begun.
    mutating func end(_ activity: Activity, by user: User) {
        precondition(count(of: activity, by: user) > 0, "an activity ended that did not begin")
        add(-1, of: activity, by: user)
    }

    private mutating func add(_ difference: Int, of activity: Activity, by user: User) {
        var counts = inFlight[user] ?? Counts()
        switch activity {
        case .read: counts.reads = UInt16(Int(counts.reads) + difference)
        case .upload: counts.uploads = UInt16(Int(counts.uploads) + difference)
        }
        inFlight[user] = counts.reads == 0 && counts.uploads == 0 ? nil : counts
    }
}

// MARK: - Rates

extension UserLimits {
    private var nanosecondsPerWrite: UInt64 { 1_000_000_000 / UInt64(settings.writesPerSecond) }

    /// Takes one write from the user's bucket.
    mutating func takeWrite(by user: User, at now: MonotonicInstant) throws(Refusal) {
        guard areWritesLimited else { return }
        let step = nanosecondsPerWrite
        let full = max(writesRefilledAt[user] ?? 0, now.nanoseconds)
        // The bucket has a write as long as refilling it takes no longer than refilling all the others would.
        let latest = now.nanoseconds + step * UInt64(settings.writeCountBurst - 1)
        guard full <= latest else {
            throw .writes(retryAfterSeconds: Int((full - latest + 999_999_999) / 1_000_000_000))
        }
        writesRefilledAt.set(full + step, of: user, at: now)
    }

    /// Puts back the write of a request that was refused after all.
    mutating func returnWrite(by user: User, at now: MonotonicInstant) {
        guard areWritesLimited, let full = writesRefilledAt[user] else { return }
        writesRefilledAt.set(full - min(full, nanosecondsPerWrite), of: user, at: now)
    }

    /// Throws when an upload of so many bytes does not fit into the user's hour; takes nothing.
    func checkUpload(ofByteCount byteCount: Int, by user: User, at now: MonotonicInstant) throws(Refusal) {
        guard areUploadBytesLimited else { return }
        let window = uploads[user] ?? UploadWindow()
        guard window.byteCount(at: now) + byteCount > settings.uploadBytesPerHour else { return }
        let wait = window.waitForRoom(ofByteCount: settings.uploadBytesPerHour - byteCount, at: now)
        throw .uploadBytes(retryAfterSeconds: wait)
    }

    /// Takes the bytes of an image that is about to be stored.
    mutating func takeUpload(ofByteCount byteCount: Int, by user: User, at now: MonotonicInstant) throws(Refusal) {
        guard areUploadBytesLimited else { return }
        try checkUpload(ofByteCount: byteCount, by: user, at: now)
        var window = uploads[user] ?? UploadWindow()
        window.add(byteCount, at: now)
        uploads.set(window, of: user, at: now)
    }

    /// Puts back the bytes of an image that was not stored after all, as far as they still count.
    mutating func returnUpload(ofByteCount byteCount: Int, by user: User, at now: MonotonicInstant) {
        guard areUploadBytesLimited, var window = uploads[user] else { return }
        window.remove(byteCount, at: now)
        uploads.set(window, of: user, at: now)
    }
}
