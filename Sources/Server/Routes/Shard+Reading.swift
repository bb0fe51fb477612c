import Auth
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Storage

// Lists of messages. None of them is larger than a configured number; JSON of many gives other tasks their turn.

extension Shard {
    /// `GET /api/v1/shops/:shop_id/messages`
    func listMessages(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let since = try Self.time(request.queryItem("since"))
        let limit = try Self.number(
            request.queryItem("limit"), default: configuration.listMessageCountMax,
            max: configuration.listMessageCountMax, or: .badLimit(max: configuration.listMessageCountMax))
        try requireResponseMemory()
        try await reserveRead(for: request, of: identity.userID)
        try await requireMembership(of: identity.userID, in: shop)
        let page = try await stored { (store) async throws(StorageError) in
            try await store.messages(in: shop, changedAfter: since, limit: limit)
        }
        let byteCount = page.messages.reduce(into: 0) { $0 += $1.text.utf8.count + ServerLimits.messageByteCost }
        try holdResponseMemory(byteCount, for: request)
        var writer = JSONWriter()
        await write(page.messages, to: &writer)
        return .enveloped(.ok, message: "Messages", data: writer.bytes, hasMore: page.hasMore)
    }

    /// `GET /api/v1/shops/:shop_id/messages/paginated`
    func paginateMessages(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let limit = try Self.number(
            request.queryItem("limit"), default: ServerLimits.pageMessageCountDefault,
            max: ServerLimits.pageMessageCountMax, or: .badLimit(max: ServerLimits.pageMessageCountMax))
        let number = try Self.number(request.queryItem("page"), default: 1, max: .max, or: .badPage)
        let (before, after) = (try request.queryItem("before_id"), try request.queryItem("after_id"))
        guard before == nil || after == nil else { throw .twoCursors }
        try requireResponseMemory()
        try await reserveRead(for: request, of: identity.userID)
        try await requireMembership(of: identity.userID, in: shop)
        if let cursor = before ?? after {
            return try await page(nearest: MessageID(cursor), isNewer: after != nil, in: shop, limit: limit)
        }
        return try await page(numbered: number, in: shop, limit: limit)
    }

    private func page(numbered number: Int, in shop: ShopID, limit: Int) async throws(APIError) -> Response {
        let page = try await stored { (store) async throws(StorageError) in
            try await store.page(number, in: shop, limit: limit)
        }
        let pageCount = max(1, (page.totalMessageCount + limit - 1) / limit)
        var writer = JSONWriter()
        writer.raw("{\"messages\":")
        await write(page.messages, to: &writer)
        writer.raw(",\"pagination\":{\"page\":")
        writer.number(number)
        writer.raw(",\"limit\":")
        writer.number(limit)
        writer.raw(",\"total_pages\":")
        writer.number(pageCount)
        writer.raw(",\"has_next\":")
        writer.boolean(number < pageCount)
        writer.raw(",\"has_prev\":")
        writer.boolean(number > 1)
        writer.raw("},\"next_cursor\":")
        // From a numbered page a client may go on by cursor, towards the older messages.
        writer.string(orNull: number < pageCount ? page.messages.last?.id.text : nil)
        writer.raw("}")
        return .enveloped(.ok, message: "Messages", data: writer.bytes)
    }

    private func page(
        nearest cursorID: MessageID, isNewer: Bool, in shop: ShopID, limit: Int
    ) async throws(APIError) -> Response {
        let place = try await stored { (store) async throws(StorageError) in try await store.message(cursorID) }
        guard let place else { throw .unknownCursor }
        guard place.shopID == shop else { throw .foreignCursor }
        let cursor = MessageCursor(of: place)
        let page = try await stored { (store) async throws(StorageError) in
            isNewer
                ? try await store.messages(in: shop, after: cursor, limit: limit)
                : try await store.messages(in: shop, before: cursor, limit: limit)
        }
        // Each page is newest first, so going on towards newer ones means from its first message.
        let edge = isNewer ? page.messages.first : page.messages.last
        var writer = JSONWriter()
        writer.raw("{\"messages\":")
        await write(page.messages, to: &writer)
        writer.raw(",\"next_cursor\":")
        writer.string(orNull: page.hasMore ? edge?.id.text : nil)
        writer.raw("}")
        return .enveloped(.ok, message: "Messages", data: writer.bytes)
    }

    // MARK: - Parts

    private func write(_ messages: [Storage.Message], to writer: inout JSONWriter) async {
        writer.raw("[")
        for (index, message) in messages.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.message(message, includesUsername: configuration.stream.includesUsername)
            if index % ServerLimits.messagesPerSlice == ServerLimits.messagesPerSlice - 1 { await Task.yield() }
        }
        writer.raw("]")
    }

    private static func time(_ text: String?) throws(APIError) -> Timestamp? {
        guard let text else { return nil }
        // A `+` in a query stands for a space; a client that forgot to escape the offset of its time meant a plus.
        guard let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text.replacingLastSpace) else {
            throw .badSince
        }
        return time
    }

    /// A whole number from 1 to `max`.
    private static func number(
        _ text: String?, default defaultValue: Int, max: Int, or error: APIError
    ) throws(APIError) -> Int {
        guard let text else { return defaultValue }
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(text), number >= 1, number <= max
        else { throw error }
        return number
    }
}

extension String {
    fileprivate var replacingLastSpace: String {
        guard let space = lastIndex(of: " ") else { return self }
        return String(self[..<space]) + "+" + String(self[index(after: space)...])
    }
}
