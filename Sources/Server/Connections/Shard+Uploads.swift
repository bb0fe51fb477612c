import API
import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Sessions
import Storage

// Bodies as they arrive. The server keeps only bodies that a route reads, and only from users who may call it. An
// upload is admitted by its head: the caller is a member of the shop that the query names, and the limits of its user
// and of the reactor have room for the upload and its bytes. Then its image goes to the image store as it arrives, a
// piece at a time, so that an upload costs little memory and many fit. An upload that sends too slowly is ended.

extension Shard {
    /// Decides by its head how the body of a request is read. An error that it throws is answered at once, and the body
    /// is not read. The caller admits an upload first.
    func plan(for head: RequestHead, _ state: HTTPConnection) throws(APIError) -> RequestPlan {
        let plan = try environment.routes[state.listener].plan(for: head, in: self)
        state.plan = plan
        if case .upload(let form) = plan.body {
            state.upload = ImageUpload(form, partialName: newIdentifier())
            guard http.uploads.reserve(1) else { throw .tooManyUploads }
            state.isUpload = true
        }
        return plan
    }

    /// Takes bytes of an upload.
    func uploadReceived(_ state: HTTPConnection, _ bytes: Span<UInt8>) throws(APIError) {
        state.session.uploadReceived(byteCount: bytes.count, at: reactor.now)
        try state.upload?.form.receive(bytes)
    }

    /// The upload of a connection ended: it was answered or refused, or its client is gone. Its reservation ends with
    /// the response.
    func releaseUpload(_ state: HTTPConnection) {
        if let upload = state.upload, upload.isPartlyStored, state.session.state != .storingPiece {
            Task(executorPreference: reactor) { await self.discard(upload) }
        }
        state.upload = nil
        if state.isUpload { http.uploads.release(1) }
        state.isUpload = false
    }

    // MARK: - Admission

    /// Admits an upload by its head. Its body is not received meanwhile.
    func admitUpload(_ connection: ConnectionID, _ head: RequestHead, by user: UserID) {
        Task(executorPreference: reactor) {
            let outcome = await self.uploadReservation(head, user)
            guard let state = self.http[connection], state.session.state == .admittingUpload else {
                if case .success(let reservation?) = outcome { self.end(reservation) }
                return
            }
            self.uploadJudged(connection, state, outcome)
        }
    }

    /// Continues with a request whose upload was admitted, or refuses it.
    private func uploadJudged(
        _ connection: ConnectionID, _ state: HTTPConnection, _ outcome: Result<UserReservation?, APIError>
    ) {
        let bytes = state.session.takeLeftover()
        switch outcome {
        case .success(let reservation):
            state.reservation = reservation
            let isAccepted = accept(connection, state, bytes.span) { (session) throws(HTTPParseError) in
                try session.uploadAdmitted(at: reactor.now)
            }
            if isAccepted { takeInput(connection, state, bytes.span) }
        case .failure(let error):
            refuse(connection, state, error, unread: bytes.span)
        }
    }

    /// The user's reservation of an upload, nil when uploads are not limited; or the error that refuses it.
    private func uploadReservation(_ head: RequestHead, _ userID: UserID) async -> Result<UserReservation?, APIError> {
        do throws(APIError) {
            if let shop = try shop(namedBy: head) { try await requireMembership(of: userID, in: shop) }
            let user = UserLimits.User(userID)
            let owner = owner(of: userID)
            guard userLimits.isLimited(.upload) || areUploadBytesLimited else { return .success(nil) }
            let isReserved = userLimits.isLimited(.upload)
            let byteCountMin = Self.imageByteCountMin(head)
            try await limited(on: owner) { (shard) throws(APIError) in
                try shard.limited { () throws(UserLimits.Refusal) in
                    try shard.userLimits.checkUpload(ofByteCount: byteCountMin, by: user, at: shard.reactor.now)
                    if isReserved { try shard.userLimits.begin(.upload, by: user) }
                }
            }
            guard isReserved else { return .success(nil) }
            return .success(UserReservation(activity: .upload, user: user, owner: owner.index))
        } catch {
            return .failure(error)
        }
    }

    /// The shop that the query names; nil when the form must name it.
    private func shop(namedBy head: RequestHead) throws(APIError) -> ShopID? {
        do throws(HTTPParseError) {
            guard let text = try head.query.first("shop_id"), !text.isEmpty else { return nil }
            return ShopID(text)
        } catch {
            throw APIError(error)
        }
    }

    /// The smallest image that a body of this length can contain: the form around it is short.
    private static func imageByteCountMin(_ head: RequestHead) -> Int {
        guard case .length(let byteCount) = head.body else { return 1 }
        let image = min(byteCount, Storage.Limits.imageByteCountMax)
        return max(1, image - ServerLimits.uploadOverheadByteCountMax)
    }

    // MARK: - The image

    /// Writes a piece of the image, and receives again when it is written.
    func storePiece(_ connection: ConnectionID, _ state: HTTPConnection) {
        guard let piece = state.upload?.takePiece(), let upload = state.upload else { return }
        let startedAt = reactor.now
        Task(executorPreference: reactor) {
            var failure: APIError?
            do throws(StorageError) {
                try await self.storage.images.append(piece.bytes, to: upload.partial, at: piece.offset)
            } catch {
                failure = self.storageFailure(error)
            }
            await self.pieceTurn()
            guard let state = self.http[connection], state.session.state == .storingPiece else {
                // The connection has ended meanwhile.
                return await self.discard(upload)
            }
            state.session.pieceStored(after: self.reactor.now.since(startedAt))
            if let failure { return self.respond(connection, state, failure) }
            self.report(connection, state) { $0.inputTaken(isPieceFull: false, at: self.reactor.now) }
        }
    }
}
