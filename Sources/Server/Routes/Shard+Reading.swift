import API
import Auth
import Chat
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Storage

// Lists of messages. They are read from the store and sent slice by slice, at their clients' pace.

extension Shard {
    /// `GET /api/v1/shops/:shop_id/messages`
    func listMessages(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let since = try Self.time(request.queryItem("since"))
        let limit = try Self.number(
            request.queryItem("limit"), default: environment.configuration.listMessageCountMax,
            max: environment.configuration.listMessageCountMax,
            or: .badLimit(max: environment.configuration.listMessageCountMax))
        try holdResponseMemory(API.Limits.responseByteCountReserved, for: request)
        try await reserveRead(for: request, of: identity.userID)
        try await requireMembership(of: identity.userID, in: shop)
        let reader = MessageListReader(of: shop, changedAfter: since, limit: limit, from: storage.store)
        return try await Response(producedBy: MessageListPieces(reader, of: self))
    }

    /// `GET /api/v1/shops/:shop_id/messages/paginated`
    func paginateMessages(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let limit = try Self.number(
            request.queryItem("limit"), default: API.Limits.pageMessageCountDefault,
            max: API.Limits.pageMessageCountMax, or: .badLimit(max: API.Limits.pageMessageCountMax))
        let number = try Self.number(request.queryItem("page"), default: 1, max: .max, or: .badPage)
        let (before, after) = (try request.queryItem("before_id"), try request.queryItem("after_id"))
        guard before == nil || after == nil else { throw .twoCursors }
        let (skipped, isBeyond) = (number - 1).multipliedReportingOverflow(by: limit)
        guard !isBeyond, skipped <= API.Limits.pageDepthMax else { throw .pageTooDeep }
        try holdResponseMemory(API.Limits.responseByteCountReserved, for: request)
        try await reserveRead(for: request, of: identity.userID)
        try await requireMembership(of: identity.userID, in: shop)
        if let cursor = before ?? after {
            return try await page(nearest: MessageID(cursor), isNewer: after != nil, in: shop, limit: limit)
        }
        return try await page(numbered: number, in: shop, limit: limit)
    }

    private func page(numbered number: Int, in shop: ShopID, limit: Int) async throws(APIError) -> Response {
        let total = try await messageTotal(of: shop)
        let pageCount = max(1, (total + limit - 1) / limit)
        let reader = MessagePageReader(
            of: shop, from: .skipping((number - 1) * limit), limit: limit, from: storage.store)
        return try await Response(
            producedBy: MessagePagePieces(
                reader, .numbered(number, limit: limit, pageCount: pageCount), of: self))
    }

    private func messageTotal(of shop: ShopID) async throws(APIError) -> Int {
        let count = storage.messageTotals.count(of: shop, at: reactor.now) {
            Task(executorPreference: reactor) { await self.countMessages(in: shop) }
        }
        return try await count.value.get()
    }

    private func countMessages(in shop: ShopID) async -> Result<Int, APIError> {
        do throws(StorageError) {
            return .success(try await storage.store.messageCount(in: shop))
        } catch {
            storage.messageTotals.forget(shop)
            return .failure(storageFailure(error))
        }
    }

    private func page(
        nearest cursorID: MessageID, isNewer: Bool, in shop: ShopID, limit: Int
    ) async throws(APIError) -> Response {
        let place = try await stored { (store) async throws(StorageError) in try await store.message(cursorID) }
        guard let place else { throw .unknownCursor }
        guard place.shopID == shop else { throw .foreignCursor }
        let cursor = MessageCursor(of: place)
        guard isNewer else {
            let reader = MessagePageReader(of: shop, from: .after(cursor), limit: limit, from: storage.store)
            return try await Response(producedBy: MessagePagePieces(reader, .older, of: self))
        }
        let page = try await stored { (store) async throws(StorageError) in
            try await store.newerPage(in: shop, after: cursor, limit: limit)
        }
        return try await Response(
            producedBy: MessagePagePieces(page?.0, .newer(hasMore: page?.hasMore ?? false), of: self))
    }

    // MARK: - Parts

    private static func time(_ text: String?) throws(APIError) -> Timestamp? {
        guard let text else { return nil }
        // A `+` in a query decodes to a space. A client that did not escape the offset of its time meant a plus.
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
