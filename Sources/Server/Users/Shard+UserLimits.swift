import API
import Primitives
import Reactor
import Sessions

// A user's limits are counted on the shard that owns the user's hash. A request on another shard asks there. What it
// took is returned by a command, however the request ends: `releaseReservation` for what is in flight, `returnWrite`
// for a write that was refused.

/// An activity of a user that is in flight, and the shard that counts it. It belongs to the connection of its request,
/// and ends with the response or with the connection.
struct UserReservation: Sendable {
    let activity: UserLimits.Activity
    let user: UserLimits.User
    let owner: Int
}

extension Shard {
    /// Reserves one of the user's reads for a request, from before the work until the response was sent.
    func reserveRead(for request: Request, of user: UserID) async throws(APIError) {
        guard userLimits.isLimited(.read) else { return }
        let reservation = try await reserve(.read, of: user)
        guard let state = http[request.connection], state.session.isHandling else {
            // The connection is gone, so the request ends at its next step.
            return end(reservation)
        }
        precondition(state.reservation == nil, "a request reserves once")
        state.reservation = reservation
    }

    /// Begins an activity of a user, on the shard that counts it.
    func reserve(
        _ activity: UserLimits.Activity, of userID: UserID
    ) async throws(APIError) -> UserReservation {
        let user = UserLimits.User(userID)
        let owner = owner(of: userID)
        try await limited(on: owner) { (shard) throws(UserLimits.Refusal) in
            try shard.userLimits.begin(activity, by: user)
        }
        return UserReservation(activity: activity, user: user, owner: owner.index)
    }

    /// Ends what the request of a connection has in flight, when its response was sent or the connection ended.
    func releaseReservation(_ state: HTTPConnection) {
        endSignedRead(state)
        guard let reservation = state.reservation else { return }
        state.reservation = nil
        end(reservation)
    }

    func end(_ reservation: UserReservation) {
        send(.userLimit(.ended(reservation.activity, reservation.user)), to: reservation.owner)
    }

    func userLimitChanged(_ change: UserLimitChange) {
        switch change {
        case .ended(let activity, let user): userLimits.end(activity, by: user)
        case .writeReturned(let user): userLimits.returnWrite(by: user, at: reactor.now)
        case .uploadReturned(let byteCount, let user):
            userLimits.returnUpload(ofByteCount: byteCount, by: user, at: reactor.now)
        }
    }

    /// Asks a shard's limits; a refusal is counted here and thrown as its status.
    func limited(
        on owner: Shard<IO>, _ body: @Sendable (Shard<IO>) throws(UserLimits.Refusal) -> Void
    ) async throws(APIError) {
        let refusal = await onShard(owner) { shard -> UserLimits.Refusal? in
            do throws(UserLimits.Refusal) {
                try body(shard)
                return nil
            } catch {
                return error
            }
        }
        if let refusal { throw limitReached(refusal) }
    }

    /// The error for a request over a limit.
    func limitReached(_ refusal: UserLimits.Refusal) -> APIError {
        counters.userLimitRefusals[refusal.label, default: 0] += 1
        return APIError(refusal)
    }

    // MARK: - Writes

    /// Runs a write of the user on the reactor that owns the shop, within the user's rate. Membership and the body were
    /// checked before. A write that is refused or fails does not count.
    func write<Value: Sendable>(
        by userID: UserID, in shop: ShopID, _ body: @Sendable (Shard<IO>) async throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        guard userLimits.areWritesLimited else { return try await onOwner(of: shop, body) }
        let user = UserLimits.User(userID)
        let counter = owner(of: userID)
        if counter === owner(of: shop) {
            // The same reactor counts and writes, so there is no hop in addition to the write's own.
            return try await onOwner(of: shop) { (owner) async throws(APIError) in
                try owner.takeWrite(by: user)
                do throws(APIError) {
                    return try await body(owner)
                } catch {
                    owner.userLimits.returnWrite(by: user, at: owner.reactor.now)
                    throw error
                }
            }
        }
        try await limited(on: counter) { (shard) throws(UserLimits.Refusal) in
            try shard.userLimits.takeWrite(by: user, at: shard.reactor.now)
        }
        do throws(APIError) {
            return try await onOwner(of: shop, body)
        } catch {
            send(.userLimit(.writeReturned(user)), to: counter.index)
            throw error
        }
    }

    private func takeWrite(by user: UserLimits.User) throws(APIError) {
        do throws(UserLimits.Refusal) {
            try userLimits.takeWrite(by: user, at: reactor.now)
        } catch {
            throw limitReached(error)
        }
    }
}

extension UserLimits.Refusal {
    /// The label of the metric.
    var label: String {
        switch self {
        case .reads: "reads"
        case .uploads: "uploads"
        case .writes: "writes"
        case .uploadBytes: "upload_bytes"
        }
    }
}

extension APIError {
    init(_ refusal: UserLimits.Refusal) {
        switch refusal {
        case .reads: self = .tooManyOwnReads
        case .uploads: self = .tooManyOwnUploads
        case .writes(let seconds): self = .tooManyOwnWrites(retryAfterSeconds: seconds)
        case .uploadBytes(let seconds): self = .uploadQuotaExceeded(retryAfterSeconds: seconds)
        }
    }
}
