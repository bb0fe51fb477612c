package import Primitives

// The limits of a user's requests: activities in flight, and rates.

// MARK: - In flight

extension UserLimits {
    /// Something that is in flight, from `begin` to `end`.
    package enum Activity: Sendable, Hashable {
        /// A list, a page or an image, until its response was sent.
        case read
        /// An upload, from its head to its response.
        case upload
    }

    /// A limit that a request would exceed.
    package enum Refusal: Error, Hashable {
        case reads
        case uploads
        case writes(retryAfterSeconds: Int)
        case uploadBytes(retryAfterSeconds: Int)
    }

    /// The activities that a user has in flight.
    struct ActivityCounts {
        var reads: UInt16 = 0
        var uploads: UInt16 = 0
    }

    /// Whether an activity is limited. If not, it need not be begun.
    package func isLimited(_ activity: Activity) -> Bool { countMax(of: activity) > 0 }
    private var areWritesLimited: Bool { settings.areWritesLimited }
    private var areUploadBytesLimited: Bool { settings.areUploadBytesLimited }

    /// The number of users with activities in flight.
    package var activeUserCount: Int { inFlight.count }

    private func countMax(of activity: Activity) -> Int {
        switch activity {
        case .read: settings.readCountMax
        case .upload: settings.uploadCountMax
        }
    }

    /// The number of this activity that a user has in flight.
    package func count(of activity: Activity, by user: User) -> Int {
        let counts = inFlight[user] ?? ActivityCounts()
        return switch activity {
        case .read: Int(counts.reads)
        case .upload: Int(counts.uploads)
        }
    }

    /// Begins an activity, which must be ended once. Without a limit it is counted too: the caller's shard may not have
    /// heard yet that the limit is gone.
    package mutating func begin(_ activity: Activity, by user: User) throws(Refusal) {
        let countMax = countMax(of: activity)
        guard countMax == 0 || count(of: activity, by: user) < countMax else {
            switch activity {
            case .read: throw .reads
            case .upload: throw .uploads
            }
        }
        add(1, of: activity, by: user)
    }

    /// Ends an activity that `begin` began.
    package mutating func end(_ activity: Activity, by user: User) {
        precondition(count(of: activity, by: user) > 0, "an activity ended that did not begin")
        add(-1, of: activity, by: user)
    }

    private mutating func add(_ difference: Int, of activity: Activity, by user: User) {
        var counts = inFlight[user] ?? ActivityCounts()
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
    package mutating func takeWrite(by user: User, at now: MonotonicInstant) throws(Refusal) {
        guard areWritesLimited else { return }
        let step = nanosecondsPerWrite
        let full = max(writesRefilledAt[user] ?? 0, now.nanoseconds)
        // The bucket has a write when refilling it takes no longer than refilling all the others.
        let latest = now.nanoseconds + step * UInt64(settings.writeCountBurst - 1)
        guard full <= latest else {
            throw .writes(retryAfterSeconds: Int((full - latest + 999_999_999) / 1_000_000_000))
        }
        writesRefilledAt.set(full + step, of: user, at: now)
    }

    /// Returns the write of a request that was refused later.
    package mutating func returnWrite(by user: User, at now: MonotonicInstant) {
        guard areWritesLimited, let full = writesRefilledAt[user] else { return }
        writesRefilledAt.set(full - min(full, nanosecondsPerWrite), of: user, at: now)
    }

    /// Throws when an upload of this size exceeds the user's hour; takes nothing.
    package func checkUpload(ofByteCount byteCount: Int, by user: User, at now: MonotonicInstant) throws(Refusal) {
        guard areUploadBytesLimited else { return }
        let window = uploads[user] ?? UploadWindow()
        guard window.byteCount(at: now) + byteCount > settings.uploadBytesPerHour else { return }
        let wait = window.waitForRoom(ofByteCount: settings.uploadBytesPerHour - byteCount, at: now)
        throw .uploadBytes(retryAfterSeconds: wait)
    }

    /// Takes the bytes of an image that is about to be stored.
    package mutating func takeUpload(ofByteCount byteCount: Int, by user: User, at now: MonotonicInstant)
        throws(Refusal)
    {
        guard areUploadBytesLimited else { return }
        try checkUpload(ofByteCount: byteCount, by: user, at: now)
        var window = uploads[user] ?? UploadWindow()
        window.add(byteCount, at: now)
        uploads.set(window, of: user, at: now)
    }

    /// Returns the bytes of an image that was not stored, as far as they still count.
    package mutating func returnUpload(ofByteCount byteCount: Int, by user: User, at now: MonotonicInstant) {
        guard areUploadBytesLimited, var window = uploads[user] else { return }
        window.remove(byteCount, at: now)
        uploads.set(window, of: user, at: now)
    }
}
