internal import Auth
public import Chat
internal import HTTP
internal import HTTPTypes
public import Primitives
internal import Storage
internal import Tracing

/// Changes of a shop's messages: durable, then published, then answered, all on the reactor that owns the shop.
public enum MessageWrites {
    /// `POST /api/v1/shops/messages`
    public static func create(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let identity = try await context.identity(of: request)
        let body = try CreateMessageBody(
            json: request.body, textByteCountMax: context.settings.textByteCountMax,
            storedText: { context.settings.imageLinks.stored($0) })
        try await context.requireMembership(of: identity.userID, in: body.shopID)
        let json = try await context.write(by: identity.userID, in: body.shopID) { (owner) async throws(APIError) in
            try await create(body, by: identity, trace: request.trace, on: owner)
        }
        return .enveloped(.created, message: "Message created", data: json)
    }

    /// `PUT /api/v1/shops/messages`: the author only.
    public static func edit(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let identity = try await context.identity(of: request)
        let body = try EditMessageBody(
            json: request.body, textByteCountMax: context.settings.textByteCountMax,
            storedText: { context.settings.imageLinks.stored($0) })
        let (message, _) = try await visibleMessage(body.messageID, to: identity.userID, in: context)
        guard message.userID == identity.userID else { throw .notAuthor }
        let json = try await context.write(by: identity.userID, in: message.shopID) { (owner) async throws(APIError) in
            try await edit(message, to: body.text, trace: request.trace, on: owner)
        }
        await context.reconsiderImages(namedBy: message, for: request)
        return .enveloped(.ok, message: "Message updated", data: json)
    }

    /// `DELETE /api/v1/shops/messages/:message_id`: the author, or an admin of the shop.
    public static func delete(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let identity = try await context.identity(of: request)
        let id = MessageID(request.parameters["message_id"] ?? "")
        let (message, role) = try await visibleMessage(id, to: identity.userID, in: context)
        guard message.userID == identity.userID || role == .admin else { throw .notAuthor }
        // When the outcome stays unknown, or this process ends, the search for orphans finds the images.
        await context.reconsiderImages(namedBy: message, for: request)
        try await context.write(by: identity.userID, in: message.shopID) { (owner) async throws(APIError) in
            try await delete(message, trace: request.trace, on: owner)
        }
        await context.removeImages(namedBy: message, for: request)
        return .enveloped(.ok, message: "Message deleted", data: Array("null".utf8))
    }

    /// A message that the user may read, and the user's role in its shop. A message that does not exist and a message
    /// of a shop without this member cause the same error.
    private static func visibleMessage(
        _ id: MessageID, to user: UserID, in context: some Context
    ) async throws(APIError) -> (Message, ShopRole) {
        guard
            let message = try await context.stored({ (store) async throws(StorageError) in
                try await store.message(id)
            }),
            let role = try await context.role(of: user, in: message.shopID)
        else { throw .messageNotFound }
        return (message, role)
    }

    // MARK: - On the owner

    private static func create(
        _ body: CreateMessageBody, by identity: Identity, trace: TraceContext?, on owner: some ShopOwner
    ) async throws(APIError) -> [UInt8] {
        if let parentID = body.parentID {
            let parent = try await owner.stored { (store) async throws(StorageError) in
                try await store.message(parentID)
            }
            guard parent?.shopID == body.shopID else { throw .badParent }
        }
        var username = identity.name
        if owner.settings.messageFormat.includesUsername {
            username =
                try await owner.stored { (store) async throws(StorageError) in
                    try await store.username(of: identity.userID)
                } ?? identity.name
        }
        let change = try await owner.beginChange(in: body.shopID)
        var message = Message(
            id: MessageID(owner.newIdentifier()), shopID: body.shopID, userID: identity.userID, text: body.text,
            createdAt: change.time, updatedAt: nil, isEdited: false, parentID: body.parentID, username: username)
        let span = owner.beginStore(of: message.id, in: trace)
        do throws(StorageError) {
            let storedAt = try await owner.store.append(message)
            span?.end()
            if storedAt != change.time {
                change.shop.advance(past: storedAt, at: owner.civilTime)
                message.createdAt = storedAt
            }
        } catch {
            throw owner.storeFailed(change, of: message.id, span, error)
        }
        let event = owner.encoded(.messageCreated(owner.shown(message)), in: trace)
        owner.end(change, event)
        return event.data
    }

    private static func edit(
        _ message: Message, to text: String, trace: TraceContext?, on owner: some ShopOwner
    ) async throws(APIError) -> [UInt8] {
        let change = try await owner.beginChange(in: message.shopID)
        let edited: Message?
        let span = owner.beginStore(of: message.id, in: trace)
        do throws(StorageError) {
            edited = try await owner.store.edit(message.id, in: message.shopID, text: text, at: change.time)
            span?.end()
        } catch {
            throw owner.storeFailed(change, of: message.id, span, error)
        }
        guard let edited else {
            owner.notStored(change, of: message.id)
            throw .messageNotFound
        }
        change.shop.advance(past: edited.changedAt, at: owner.civilTime)
        let event = owner.encoded(.messageEdited(owner.shown(edited)), in: trace)
        owner.end(change, event)
        return event.data
    }

    private static func delete(
        _ message: Message, trace: TraceContext?, on owner: some ShopOwner
    ) async throws(APIError) {
        let change = try await owner.beginChange(in: message.shopID)
        let deleted: Message?
        let span = owner.beginStore(of: message.id, in: trace)
        do throws(StorageError) {
            deleted = try await owner.store.delete(message.id, in: message.shopID)
            span?.end()
        } catch {
            throw owner.storeFailed(change, of: message.id, span, error)
        }
        guard deleted != nil else {
            owner.notStored(change, of: message.id)
            throw .messageNotFound
        }
        owner.end(change, owner.encoded(.messageDeleted(message.id, in: message.shopID), in: trace))
    }
}

extension ShopOwner {
    /// Begins the span of a call of the store that changes a message; nil when the trace is not recorded.
    fileprivate func beginStore(of message: MessageID, in trace: TraceContext?) -> (any Tracing.Span)? {
        guard let trace else { return nil }
        if isOrderedByBroker { awaitReport(of: message, in: trace) }
        return startSpan("store", in: trace)
    }

    /// Ends a change that the store refused, and its span. The result is for the client.
    fileprivate func storeFailed(
        _ change: ShopChange, of message: MessageID, _ span: (any Tracing.Span)?, _ error: StorageError
    ) -> APIError {
        span?.setStatus(SpanStatus(code: .error, message: error.kind.code))
        span?.end()
        notStored(change, of: message)
        return storageFailure(error)
    }

    /// Ends a change that is not in the store.
    fileprivate func notStored(_ change: ShopChange, of message: MessageID) {
        if isOrderedByBroker { forgetReport(of: message) }
        end(change, nil)
    }
}

// The shop's clock: each change begins with a time and a ticket, and is published in the order of the tickets.

/// A change of a shop in flight: it has its time and its place in the order of publication.
public struct ShopChange {
    /// The time of the change.
    public let time: Timestamp
    let shop: Shop
    let shopID: ShopID
    fileprivate let ticket: UInt64
}

extension ShopOwner {
    /// Begins a change. It must be passed to `end`.
    public func beginChange(in shop: ShopID) async throws(APIError) -> ShopChange {
        if !store.isWritable { try await waitForWritability(in: shop) }
        let open = if let open = shops[shop] { open } else { try await openedShop(shop) }
        let (time, ticket) = open.beginChange(at: civilTime)
        return ShopChange(time: time, shop: open, shopID: shop, ticket: ticket)
    }

    /// Waits for the lock of a node that shares its database with no other: the node that holds it advances the clock.
    private func waitForWritability(in shop: ShopID) async throws(APIError) {
        try await stored { (store) async throws(StorageError) in try await store.waitUntilWritable(in: shop) }
    }

    /// Opens the shop's clock. It continues from the latest change in the store up to its horizon.
    private func openedShop(_ shop: ShopID) async throws(APIError) -> Shop {
        let horizon = ShopClock.horizon(at: civilTime)
        let latest = try await stored { (store) async throws(StorageError) in
            try await store.latestChange(in: shop, upTo: horizon)
        }
        return shops.open(shop, latestChange: latest)
    }

    /// The change was stored, or failed (nil): publishes what is now in order.
    public func end(_ change: ShopChange, _ event: EncodedEvent?) {
        // When the broker orders the changes of a shop, it reports this node's changes with the others'.
        let event = isOrderedByBroker ? nil : event
        for event in change.shop.endChange(change.ticket, event) { publish(event, to: change.shopID) }
    }
}
