import API
import Primitives
import Reactor
import Sessions

// A user's limits are counted on the shard that owns the user's hash. A request on another shard asks there. What it
// took is returned by a command, however the request ends: `releaseReservation` for what is in flight,
// `sendReturnedWrite` for a write that was refused.

/// An activity of a user that is in flight, and the shard that counts it. It belongs to the connection of its request,
/// and ends with the response or with the connection.
struct UserReservation: Sendable {
    let activity: UserLimits.Activity
    let user: UserLimits.User
    let owner: Int
}

extension Shard {
    var areReadsLimited: Bool { userLimits.settings.areReadsLimited }
    var areWritesLimited: Bool { userLimits.settings.areWritesLimited }
    var areUploadBytesLimited: Bool { userLimits.settings.areUploadBytesLimited }

    func holdRead(for request: Request, by user: UserID) {
        let reservation = UserReservation(
            activity: .read, user: UserLimits.User(user), owner: directory.ownerIndex(of: user))
        guard let state = http[request.connection], state.session.state == .handling else {
            // The connection is gone, so the request ends at its next step.
            return end(reservation)
        }
        precondition(state.reservation == nil, "a request reserves once")
        state.reservation = reservation
    }

    func sendReturnedWrite(by user: UserID) {
        send(.userLimit(.writeReturned(UserLimits.User(user))), to: directory.ownerIndex(of: user))
    }

    func sendReturnedUpload(ofByteCount byteCount: Int, by user: UserID) {
        send(
            .userLimit(.uploadReturned(byteCount: byteCount, UserLimits.User(user))),
            to: directory.ownerIndex(of: user))
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
}

extension UserLimits.Refusal {
    /// All labels.
    static let labels = [
        Self.reads, .uploads, .writes(retryAfterSeconds: 0), .uploadBytes(retryAfterSeconds: 0),
    ].map(\.label)

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
