import API
import Auth
import Chat
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Sessions
import Storage
import WebSocket

// A stream is admitted in this order: handshake (400, 426), draining (503), origin (403), token (401), attempts (429),
// membership (403), connections of the user (429), room (503). The first check that fails decides the response. The
// connection speaks HTTP until the last has passed.

extension Shard {
    /// `GET /api/v1/shops/:shop_id/messages/stream`; nil once the connection is a stream, here or in transfer.
    func openStream(_ request: Request) async throws(APIError) -> Response? {
        do throws(APIError) {
            return try await admit(request)
        } catch {
            counters.upgradeFailures[error.status.code, default: 0] += 1
            throw error
        }
    }

    private func admit(_ request: Request) async throws(APIError) -> Response? {
        let accepted = try handshake(request)
        guard let shopText = request.parameters["shop_id"], !shopText.isEmpty else { throw .missingField("shop_id") }
        let shop = ShopID(shopText)
        guard !drainProgress.isDraining else { throw .draining }
        if let origin = request.head[.origin], !environment.api.crossOrigin.isAllowed(origin) {
            throw .originRefused
        }
        let identity = try await streamIdentity(request)
        try await countAttempt(of: identity.userID)
        try await requireMembership(of: identity.userID, in: shop)
        guard let slot = await reserveSlot(for: identity.userID, in: shop) else { throw .tooManyConnections }
        guard !drainProgress.isDraining else {
            release(slot)
            throw .draining
        }
        await transportIdle(request.connection)
        hand(request, accepted, identity, slot, in: shop)
        return nil
    }

    private func handshake(_ request: Request) throws(APIError) -> AcceptedHandshake {
        do throws(HandshakeRejection) {
            return try environment.handshake.accept(HandshakeRequest(request.head))
        } catch {
            throw APIError(
                status: error.status, code: "\(error.label)",
                message: "This is not a WebSocket handshake that can be taken.",
                fields: FieldLines(error.responseFields))
        }
    }

    /// The token of the header, else that of the query. Attempts without a valid token count by address.
    private func streamIdentity(_ request: Request) async throws(APIError) -> Identity {
        let queryToken: String?
        do throws(HTTPParseError) {
            queryToken = try request.head.query.first("token")
        } catch {
            throw APIError(error)
        }
        do throws(APIError) {
            return try await identity(of: request, orOf: queryToken)
        } catch {
            try await countFailedAttempt(of: request.address)
            throw error
        }
    }

    private func countAttempt(of user: UserID) async throws(APIError) {
        guard userLimits.areAttemptsLimited else { return }
        let counted = UserLimits.User(user)
        let decision = await onShard(owner(of: user)) { shard in
            shard.userLimits.attempt(by: counted, at: shard.reactor.now)
        }
        if case .refused(let seconds) = decision { throw .tooManyAttempts(retryAfterSeconds: seconds) }
    }

    /// Returns when the end of the handshake of TLS was sent, which may be in the turn that brought the request: a
    /// connection moves without a send in flight.
    private func transportIdle(_ connection: ConnectionID) async {
        guard let state = http[connection], !state.transport.isIdle else { return }
        state.transport.sendOutput(connection, on: reactor)
        _ = await withCheckedContinuation { state.idleWaiter = $0 }
    }

    /// TLS has nothing more to send, or the connection has ended: resumes the task that waits for it.
    func endIdleWait(_ state: HTTPConnection, isIdle: Bool) {
        state.idleWaiter?.resume(returning: isIdle)
        state.idleWaiter = nil
    }

    /// Hands the connection off to the shop's owner: this reactor, or another one, to which it is transferred with its
    /// descriptor.
    private func hand(
        _ request: Request, _ accepted: AcceptedHandshake, _ identity: Identity, _ slot: ReservedSlot,
        in shop: ShopID
    ) {
        let connection = request.connection
        guard let state = http[connection], state.session.state == .handling, reactor.isOpen(connection) else {
            release(slot)
            return
        }
        var response: [UInt8] = []
        let fields = HTTPFields(state.requestID.map { [RequestIDs.field($0)] } ?? [])
        accepted.appendResponse(fields: fields, to: &response)
        let transfer = StreamTransfer(
            transport: state.transport, shopID: shop, slot: slot,
            tokenExpiresAt: identity.expiresAt, encoding: EventEncoding(subprotocol: accepted.subprotocol),
            response: response,
            leftover: state.session.takeLeftover(), countedAddress: state.isCounted ? state.address : nil)
        state.isCounted = false
        if let span = state.span { responseBegan(.switchingProtocols, in: span) }
        endSpan(state, isSent: true)
        let owner = owner(of: shop)
        if owner === self {
            if let timer = state.timer { reactor.cancel(timer) }
            http[connection] = nil
            beginStream(connection, transfer)
            memoryReleased()
        } else {
            // `100 Continue` is never sent for an upgrade, so no send is in flight.
            reactor.transfer(connection, to: owner.reactor, with: transfer)
        }
    }

    func connectionTransferred(_ connection: ConnectionID, transfer: StreamTransfer) {
        beginStream(connection, transfer)
    }

    func transferFailed(_ connection: ConnectionID, transfer: StreamTransfer) {
        release(transfer.slot)
        counters.upgradeFailures[503, default: 0] += 1
        guard let state = http[connection] else {
            if let address = transfer.countedAddress { release(address) }
            return
        }
        state.isCounted = transfer.countedAddress != nil
        respond(connection, state, APIError.full)
    }
}
