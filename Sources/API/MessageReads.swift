internal import Auth
internal import Chat
internal import HTTP
internal import Primitives
internal import Storage

/// Lists of messages. They are read from the store and sent slice by slice, at their clients' pace.
public enum MessageReads {
    /// `GET /api/v1/shops/:shop_id/messages`
    public static func list(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let identity = try await context.identity(of: request)
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let since = try time(request.queryItem("since"))
        let limitMax = context.settings.listMessageCountMax
        let limit = try number(
            request.queryItem("limit"), default: limitMax, max: limitMax, or: .badLimit(max: limitMax))
        try context.holdResponseMemory(Limits.responseByteCountReserved, for: request)
        try await context.reserveRead(for: request, of: identity.userID)
        try await context.requireMembership(of: identity.userID, in: shop)
        let reader = MessageListReader(of: shop, changedAfter: since, limit: limit, from: context.store)
        return try await Response(producedBy: MessageListPieces(reader, in: context))
    }

    /// `GET /api/v1/shops/:shop_id/messages/paginated`
    public static func paginate(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let identity = try await context.identity(of: request)
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let limit = try number(
            request.queryItem("limit"), default: Limits.pageMessageCountDefault, max: Limits.pageMessageCountMax,
            or: .badLimit(max: Limits.pageMessageCountMax))
        let number = try number(request.queryItem("page"), default: 1, max: .max, or: .badPage)
        let (before, after) = (try request.queryItem("before_id"), try request.queryItem("after_id"))
        guard before == nil || after == nil else { throw .twoCursors }
        let (skipped, isBeyond) = (number - 1).multipliedReportingOverflow(by: limit)
        guard !isBeyond, skipped <= Limits.pageDepthMax else { throw .pageTooDeep }
        try context.holdResponseMemory(Limits.responseByteCountReserved, for: request)
        try await context.reserveRead(for: request, of: identity.userID)
        try await context.requireMembership(of: identity.userID, in: shop)
        if let cursor = before ?? after {
            return try await page(
                nearest: MessageID(cursor), isNewer: after != nil, of: shop, limit: limit, in: context)
        }
        return try await page(numbered: number, of: shop, limit: limit, in: context)
    }

    private static func page(
        numbered number: Int, of shop: ShopID, limit: Int, in context: some Context
    ) async throws(APIError) -> Response {
        let total = try await messageTotal(of: shop, in: context)
        let pageCount = max(1, (total + limit - 1) / limit)
        let reader = MessagePageReader(
            of: shop, from: .skipping((number - 1) * limit), limit: limit, from: context.store)
        return try await Response(
            producedBy: MessagePagePieces(
                reader, .numbered(number, limit: limit, pageCount: pageCount), in: context))
    }

    private static func messageTotal(of shop: ShopID, in context: some Context) async throws(APIError) -> Int {
        let count = context.messageTotals.count(of: shop, at: context.now) {
            Task(executorPreference: context.taskExecutor) {
                await countMessages(of: shop, in: context)
            }
        }
        return try await count.value.get()
    }

    private static func countMessages(of shop: ShopID, in context: some Context) async -> Result<Int, APIError> {
        do throws(StorageError) {
            return .success(try await context.store.messageCount(in: shop))
        } catch {
            context.messageTotals.forget(shop)
            return .failure(context.storageFailure(error))
        }
    }

    private static func page(
        nearest cursorID: MessageID, isNewer: Bool, of shop: ShopID, limit: Int, in context: some Context
    ) async throws(APIError) -> Response {
        let place = try await context.stored { (store) async throws(StorageError) in try await store.message(cursorID) }
        guard let place else { throw .unknownCursor }
        guard place.shopID == shop else { throw .foreignCursor }
        let cursor = MessageCursor(of: place)
        guard isNewer else {
            let reader = MessagePageReader(of: shop, from: .after(cursor), limit: limit, from: context.store)
            return try await Response(producedBy: MessagePagePieces(reader, .older, in: context))
        }
        let page = try await context.stored { (store) async throws(StorageError) in
            try await store.newerPage(in: shop, after: cursor, limit: limit)
        }
        return try await Response(
            producedBy: MessagePagePieces(page?.0, .newer(hasMore: page?.hasMore ?? false), in: context))
    }

    // MARK: - The query

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
