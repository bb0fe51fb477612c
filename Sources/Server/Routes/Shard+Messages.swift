import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Storage
import WebSocket

extension Shard {
    /// `POST /api/v1/shops/messages`: durable, then broadcast, then answered.
    func createMessage(_ request: Request) async throws(APIError) -> Response {
        let identity = try identity(request)
        let body = try CreateMessageBody(json: request.body, textByteCountMax: configuration.textByteCountMax)
        try await requireMembership(of: identity.userID, in: body.shopID)
        let outcome = await onShard(owner(of: body.shopID)) { owner in await owner.write(body, by: identity) }
        switch outcome {
        case .success(let json): return .enveloped(.created, message: "Message created", data: json)
        case .failure(let error): throw error
        }
    }

    /// Writes a message on the shop's owner and broadcasts it; returns its JSON.
    private func write(_ body: CreateMessageBody, by identity: Identity) async -> Result<[UInt8], APIError> {
        do throws(APIError) {
            return .success(try await store(body, by: identity))
        } catch {
            return .failure(error)
        }
    }

    private func store(_ body: CreateMessageBody, by identity: Identity) async throws(APIError) -> [UInt8] {
        try await requireClock(of: body.shopID)
        var username = identity.name
        do throws(StorageError) {
            if let parentID = body.parentID {
                guard let parent = try await store.message(parentID), parent.shopID == body.shopID else {
                    throw StorageError(.notFound, detail: "parent")
                }
            }
            if configuration.stream.includesUsername {
                username = try await store.username(of: identity.userID) ?? identity.name
            }
        } catch {
            if error.kind == .notFound { throw .badParent }
            throw storageFailure(error)
        }
        try await requireClock(of: body.shopID)
        guard let (time, ticket) = clocks[body.shopID]?.begin(at: civilTime) else {
            preconditionFailure("a shop's clock went away between two lines")
        }
        let message = Storage.Message(
            id: MessageID(UUIDText.random()), shopID: body.shopID, userID: identity.userID, text: body.text,
            createdAt: time, updatedAt: nil, isEdited: false, parentID: body.parentID, username: username)
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(message.text.utf8.count + 320)
        writer.message(message, includesUsername: configuration.stream.includesUsername)
        do throws(StorageError) {
            try await store.append(message)
        } catch {
            finish(body.shopID, ticket, json: nil)
            throw storageFailure(error)
        }
        finish(body.shopID, ticket, json: writer.bytes)
        return writer.bytes
    }

    /// Sees to it that the shop has a clock, which goes on from the latest change in the store.
    private func requireClock(of shop: ShopID) async throws(APIError) {
        guard clocks[shop] == nil else { return }
        let latest: Timestamp?
        do throws(StorageError) {
            latest = try await store.latestChange(in: shop)
        } catch {
            throw storageFailure(error)
        }
        guard clocks[shop] == nil else { return }
        if clocks.count >= ServerLimits.shopClockCountMax { clocks = clocks.filter { !$0.value.isIdle } }
        clocks[shop] = ShopClock(latest: latest ?? .earliest)
    }

    /// The write is through: publishes what is now in order.
    private func finish(_ shop: ShopID, _ ticket: UInt64, json: [UInt8]?) {
        for frame in clocks[shop]?.finish(ticket, frame: json) ?? [] { publish(json: frame, to: shop) }
    }

    // MARK: - Lists

    /// `GET /api/v1/shops/:shop_id/messages`
    func listMessages(_ request: Request) async throws(APIError) -> Response {
        let identity = try identity(request)
        guard let shopText = request.parameters["shop_id"] else { throw .missingField("shop_id") }
        let shop = ShopID(shopText)
        let sinceText: String?
        let limitText: String?
        do throws(HTTPParseError) {
            let query = request.head.query
            sinceText = try query.first("since")
            limitText = try query.first("limit")
        } catch {
            throw APIError(error)
        }
        let since = try Self.time(sinceText)
        let limit = try Self.limit(limitText, max: configuration.listMessageCountMax)
        try await requireMembership(of: identity.userID, in: shop)
        let page: MessagePage
        do throws(StorageError) {
            page = try await store.messages(in: shop, changedAfter: since, limit: limit)
        } catch {
            throw storageFailure(error)
        }
        var writer = JSONWriter()
        writer.raw("[")
        for (index, message) in page.messages.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.message(message, includesUsername: configuration.stream.includesUsername)
            if index % ServerLimits.messagesPerSlice == ServerLimits.messagesPerSlice - 1 { await Task.yield() }
        }
        writer.raw("]")
        return .enveloped(.ok, message: "Messages", data: writer.bytes, hasMore: page.hasMore)
    }

    private static func time(_ text: String?) throws(APIError) -> Timestamp? {
        guard let text else { return nil }
        // A `+` in a query stands for a space; a client that forgot to escape the offset of its time meant a plus.
        guard let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text.replacingLastSpace) else {
            throw .badSince
        }
        return time
    }

    private static func limit(_ text: String?, max: Int) throws(APIError) -> Int {
        guard let text else { return max }
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let limit = Int(text), limit >= 1 else {
            throw .badLimit(max: max)
        }
        guard limit <= max else { throw .badLimit(max: max) }
        return limit
    }
}

extension String {
    fileprivate var replacingLastSpace: String {
        guard let space = lastIndex(of: " ") else { return self }
        return String(self[..<space]) + "+" + String(self[index(after: space)...])
    }
}

/// Random identifiers.
enum UUIDText {
    /// A version 4 UUID (RFC 9562, section 5.4) as text.
    static func random() -> String {
        var high = UInt64.random(in: 0...UInt64.max)
        var low = UInt64.random(in: 0...UInt64.max)
        high = high & ~0xf000 | 0x4000
        low = low & ~(0b11 << 62) | (0b10 << 62)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            let half = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (index % 16))) & 0xf
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
