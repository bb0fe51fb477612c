import Primitives

extension PostgresStore {
    /// See `MessageStore`. Finds what other writers committed late by the log of changes, which
    /// `PostgresSchema.changeLog` explains. O(changes that were logged since the moment that the query names).
    public func lateSlice(_ query: LateMessagesQuery) async throws(StorageError) -> MessageSlice {
        let snapshot: PostgresValue =
            switch query.seen {
            case .atTime: .null
            case .bySlice(let snapshot): .text(snapshot.text)
            }
        let place = query.after ?? MessageCursor(createdAt: .earliest, id: MessageID(""))
        let result = try await read(
            .lateMessages,
            [
                .text(query.shopID.text), .integer(Int64(Limits.sliceByteCountMax)),
                .integer(Int64(Limits.sliceMessageCountMax) + 1), .time(place.createdAt), .text(place.id.text),
                .time(query.upTo), snapshot,
            ])
        return try Self.slice(result, within: SliceBounds(countMax: Limits.sliceMessageCountMax))
    }
}
