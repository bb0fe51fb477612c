import API
import Auth
import Broker
import Chat
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Storage

// Changes of a shop's messages: durable, then published, then answered, all on the reactor that owns the shop.

extension Shard {
    /// `POST /api/v1/shops/messages`
    func createMessage(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let body = try CreateMessageBody(
            json: request.body, textByteCountMax: environment.configuration.textByteCountMax,
            storedText: environment.imageLinks.stored)
        try await requireMembership(of: identity.userID, in: body.shopID)
        let json = try await write(by: identity.userID, in: body.shopID) { (owner) async throws(APIError) in
            try await owner.create(body, by: identity)
        }
        return .enveloped(.created, message: "Message created", data: json)
    }

    /// `PUT /api/v1/shops/messages`: the author only.
    func editMessage(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let body = try EditMessageBody(
            json: request.body, textByteCountMax: environment.configuration.textByteCountMax,
            storedText: environment.imageLinks.stored)
        let (message, _) = try await visibleMessage(body.messageID, to: identity.userID)
        guard message.userID == identity.userID else { throw .notAuthor }
        let json = try await write(by: identity.userID, in: message.shopID) { (owner) async throws(APIError) in
            try await owner.edit(message, to: body.text)
        }
        await reconsiderImages(namedBy: message)
        return .enveloped(.ok, message: "Message updated", data: json)
    }

    /// `DELETE /api/v1/shops/messages/:message_id`: the author, or an admin of the shop.
    func deleteMessage(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let id = MessageID(request.parameters["message_id"] ?? "")
        let (message, role) = try await visibleMessage(id, to: identity.userID)
        guard message.userID == identity.userID || role == .admin else { throw .notAuthor }
        // When the outcome stays unknown, or this process ends, the search for orphans finds the images.
        await reconsiderImages(namedBy: message)
        try await write(by: identity.userID, in: message.shopID) { (owner) async throws(APIError) in
            try await owner.delete(message)
        }
        await removeImages(namedBy: message)
        return .enveloped(.ok, message: "Message deleted", data: Array("null".utf8))
    }

    /// A message that the user may read, and the user's role in its shop. A message that does not exist and a message
    /// of a shop without this member cause the same error.
    private func visibleMessage(_ id: MessageID, to user: UserID) async throws(APIError) -> (Chat.Message, ShopRole) {
        guard let message = try await stored({ (store) async throws(StorageError) in try await store.message(id) }),
            let role = try await role(of: user, in: message.shopID)
        else { throw .messageNotFound }
        return (message, role)
    }

    /// Runs `body` on the reactor that owns the shop.
    func onOwner<Value: Sendable>(
        of shop: ShopID, _ body: @Sendable (Shard<IO>) async throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        let outcome = await onShard(owner(of: shop)) { owner -> Result<Value, APIError> in
            do throws(APIError) {
                return .success(try await body(owner))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    // MARK: - On the owner

    private func create(_ body: CreateMessageBody, by identity: Identity) async throws(APIError) -> [UInt8] {
        if let parentID = body.parentID {
            let parent = try await stored { (store) async throws(StorageError) in try await store.message(parentID) }
            guard parent?.shopID == body.shopID else { throw .badParent }
        }
        var username = identity.name
        if environment.configuration.messageFormat.includesUsername {
            username =
                try await stored { (store) async throws(StorageError) in
                    try await store.username(of: identity.userID)
                } ?? identity.name
        }
        let (time, ticket) = try await beginChange(in: body.shopID)
        var message = Chat.Message(
            id: MessageID(UUIDText.random()), shopID: body.shopID, userID: identity.userID, text: body.text,
            createdAt: time, updatedAt: nil, isEdited: false, parentID: body.parentID, username: username)
        do throws(StorageError) {
            let storedAt = try await storage.store.append(message)
            if storedAt != time {
                shops.advance(body.shopID, past: storedAt, at: civilTime)
                message.createdAt = storedAt
            }
        } catch {
            endChange(in: body.shopID, ticket, nil)
            throw storageFailure(error)
        }
        let event = encoded(.messageCreated(shown(message)))
        endChange(in: body.shopID, ticket, event)
        return event.data
    }

    private func edit(_ message: Chat.Message, to text: String) async throws(APIError) -> [UInt8] {
        let (time, ticket) = try await beginChange(in: message.shopID)
        let edited: Chat.Message?
        do throws(StorageError) {
            edited = try await storage.store.edit(message.id, in: message.shopID, text: text, at: time)
        } catch {
            endChange(in: message.shopID, ticket, nil)
            throw storageFailure(error)
        }
        guard let edited else {
            endChange(in: message.shopID, ticket, nil)
            throw .messageNotFound
        }
        shops.advance(message.shopID, past: edited.changedAt, at: civilTime)
        let event = encoded(.messageEdited(shown(edited)))
        endChange(in: message.shopID, ticket, event)
        return event.data
    }

    private func delete(_ message: Chat.Message) async throws(APIError) {
        let (_, ticket) = try await beginChange(in: message.shopID)
        let deleted: Chat.Message?
        do throws(StorageError) {
            deleted = try await storage.store.delete(message.id, in: message.shopID)
        } catch {
            endChange(in: message.shopID, ticket, nil)
            throw storageFailure(error)
        }
        guard deleted != nil else {
            endChange(in: message.shopID, ticket, nil)
            throw .messageNotFound
        }
        endChange(in: message.shopID, ticket, encoded(.messageDeleted(message.id, in: message.shopID)))
    }

    /// A message as its readers receive it: with signed image URLs, when the deployment signs them.
    func shown(_ message: Chat.Message) -> Chat.Message {
        guard environment.imageLinks.areSigned else { return message }
        var shown = message
        shown.text = environment.imageLinks.shown(message.text, in: message.shopID, at: civilTime)
        return shown
    }

    /// An event with its data, in the deployment's format.
    func encoded(_ event: ChatEvent) -> EncodedEvent {
        EncodedEvent(event, format: environment.configuration.messageFormat)
    }

    // MARK: - The shop's clock

    /// The time of a change and its ticket in the order of the shop.
    private func beginChange(in shop: ShopID) async throws(APIError) -> (time: Timestamp, ticket: UInt64) {
        try await requireWritability(in: shop)
        try await requireClock(of: shop)
        return shops.beginChange(in: shop, at: civilTime)
    }

    /// Waits for the lock of a node that shares its database with no other: the node that holds it advances the clock.
    private func requireWritability(in shop: ShopID) async throws(APIError) {
        guard let postgres = storage.store as? PostgresStore else { return }
        do throws(StorageError) {
            try await postgres.waitUntilWritable(in: shop)
        } catch {
            throw storageFailure(error)
        }
    }

    /// Opens the shop's clock, unless it is open. It continues from the latest change in the store up to its horizon.
    private func requireClock(of shop: ShopID) async throws(APIError) {
        guard !shops.isOpen(shop) else { return }
        let horizon = ShopClock.horizon(at: civilTime)
        let latest = try await stored { (store) async throws(StorageError) in
            try await store.latestChange(in: shop, upTo: horizon)
        }
        shops.open(shop, latestChange: latest)
    }

    /// The change was stored, or failed (nil): publishes what is now in order.
    func endChange(in shop: ShopID, _ ticket: UInt64, _ event: EncodedEvent?) {
        // When the broker orders the changes of a shop, it reports this node's changes with the others'.
        let event = storage.broker.ordersChanges ? nil : event
        for event in shops.endChange(in: shop, ticket, event) { publish(event, to: shop) }
    }
}
