import Chat
import Primitives

// Every call waits until the store is open and then forwards to it: see the store's protocols.

extension TakeoverStore: MessageStore {
    /// See `MessageStore`.
    public func append(_ message: Message) async throws(StorageError) -> Timestamp {
        try await opened().append(message)
    }

    /// See `MessageStore`.
    public func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Message? {
        try await opened().edit(id, in: shopID, text: text, at: time)
    }

    /// See `MessageStore`.
    public func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Message? {
        try await opened().delete(id, in: shopID)
    }

    /// See `MessageStore`.
    public func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice {
        try await opened().slice(query)
    }

    /// See `MessageStore`.
    public func places(
        in shopID: ShopID, after cursor: MessageCursor, countMax: Int
    ) async throws(StorageError) -> [MessageCursor] {
        try await opened().places(in: shopID, after: cursor, countMax: countMax)
    }

    /// See `MessageStore`.
    public func messageCount(in shopID: ShopID) async throws(StorageError) -> Int {
        try await opened().messageCount(in: shopID)
    }

    /// See `MessageStore`.
    public func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp? {
        try await opened().latestChange(in: shopID, upTo: horizon)
    }

    /// See `MessageStore`.
    public func message(_ id: MessageID) async throws(StorageError) -> Message? { try await opened().message(id) }

    /// See `MessageStore`. Does nothing before the store is open.
    public func maintain() async { await openStore?.maintain() }

    /// See `MessageStore`.
    public func ping() async throws(StorageError) { try await opened().ping() }

    /// See `MessageStore`. Releases the lock of the file last.
    public func close() async { await closeAll() }

    /// See `MessageStore`. The statistics of the store, once it is open.
    public var statistics: StoreStatistics { openStore?.statistics ?? StoreStatistics() }
}

extension TakeoverStore: MembershipStore {
    /// See `MembershipStore`.
    public func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> ShopRole? {
        try await opened().role(of: userID, in: shopID)
    }

    /// See `MembershipStore`.
    public func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError) {
        try await opened().createShop(shopID, name: name, at: time)
    }

    /// See `MembershipStore`.
    public func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError) {
        try await opened().addMember(membership, at: time)
    }

    /// See `MembershipStore`.
    public func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool {
        try await opened().removeMember(userID, from: shopID)
    }

    /// See `MembershipStore`.
    public func members(of shopID: ShopID) async throws(StorageError) -> [Membership] {
        try await opened().members(of: shopID)
    }

    /// See `MembershipStore`.
    public func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError) {
        try await opened().importMembers(rows, at: time)
    }

    /// See `MembershipStore`.
    public func membershipChanges(after position: Int64?) async throws(StorageError) -> MembershipChanges {
        try await opened().membershipChanges(after: position)
    }

    /// See `MembershipStore`.
    public func username(of userID: UserID) async throws(StorageError) -> String? {
        try await opened().username(of: userID)
    }

    /// See `MembershipStore`.
    public func setUsername(_ username: String?, of userID: UserID) async throws(StorageError) {
        try await opened().setUsername(username, of: userID)
    }
}

extension TakeoverStore: ImageRecordStore {
    /// See `ImageRecordStore`.
    public func addImage(_ image: Image) async throws(StorageError) { try await opened().addImage(image) }

    /// See `ImageRecordStore`.
    public func image(_ id: MessageID) async throws(StorageError) -> Image? { try await opened().image(id) }

    /// See `ImageRecordStore`.
    public func removeImage(_ id: MessageID) async throws(StorageError) -> Bool { try await opened().removeImage(id) }

    /// See `ImageRecordStore`.
    public func isNamed(_ image: Image) async throws(StorageError) -> Bool { try await opened().isNamed(image) }

    /// See `ImageRecordStore`.
    public func unkeptImages(
        createdBefore time: Timestamp, after last: Image?, limit: Int
    ) async throws(StorageError) -> [Image] {
        try await opened().unkeptImages(createdBefore: time, after: last, limit: limit)
    }

    /// See `ImageRecordStore`.
    public func setKept(_ isKept: Bool, images ids: [MessageID], in shopID: ShopID) async throws(StorageError) {
        try await opened().setKept(isKept, images: ids, in: shopID)
    }
}
