import Chat
import Primitives
import Storage

/// A memory store whose calls wait until the simulation resumes them: writes take effect in the order of their calls,
/// some late, some never; reads return in a random order.
///
/// Nothing leaves the simulation's thread: it resumes a waiting call onto the caller's reactor.
final class SimulatedStore: Store, @unchecked Sendable {
    // @unchecked: all reactors of a run, and so all callers, share one thread.
    private let memory = MemoryStore()
    private let chance: Chance
    private let ledger: Ledger
    private let slowPerMille: Int
    private let failingPerMille: Int
    private var writes: [CheckedContinuation<Void, Never>] = []
    /// Writes that wait, or were let go and have not run yet.
    private var lateWriteCount = 0
    private var reads: [CheckedContinuation<Void, Never>] = []
    /// A canary: writes are answered and not done.
    var forgetsOneIn: Int?
    /// Reads of members and roles fail.
    var hidesMembers = false
    /// The search for the messages that name one of these takes too long.
    var imagesNobodyFinds: Set<MessageID> = []
    /// Nothing waits any more.
    var isHasty = false

    init(_ scenario: Scenario, chance: Chance, ledger: Ledger) {
        self.chance = chance
        self.ledger = ledger
        slowPerMille = scenario.slowStorePerMille
        failingPerMille = scenario.failingStorePerMille
    }

    var waitingCount: Int { writes.count + reads.count }

    /// Resumes the oldest waiting write and a random waiting read.
    func resumeSome() {
        if !writes.isEmpty { writes.removeFirst().resume() }
        if !reads.isEmpty { reads.remove(at: chance.number(0...reads.count - 1)).resume() }
    }

    private func pause() async {
        guard !isHasty, chance.perMille(slowPerMille) else { return }
        await withCheckedContinuation { reads.append($0) }
    }

    func append(_ message: Chat.Message) async throws(StorageError) -> Timestamp {
        // After a write that waits, every other write waits too.
        if lateWriteCount > 0 || (!isHasty && chance.perMille(slowPerMille)) {
            lateWriteCount += 1
            await withCheckedContinuation { writes.append($0) }
            lateWriteCount -= 1
        }
        if chance.perMille(failingPerMille) {
            ledger.count("writes failed")
            throw StorageError(.unavailable, detail: "simulated")
        }
        if let count = forgetsOneIn, chance.oneIn(count) { return message.createdAt }
        try await memory.append(message)
        ledger.stored(message)
        return message.createdAt
    }

    func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice {
        await pause()
        return try await memory.slice(query)
    }

    func places(
        in shopID: ShopID, after cursor: MessageCursor, countMax: Int
    ) async throws(StorageError) -> [MessageCursor] {
        await pause()
        return try await memory.places(in: shopID, after: cursor, countMax: countMax)
    }

    func messageCount(in shopID: ShopID) async throws(StorageError) -> Int {
        await pause()
        return try await memory.messageCount(in: shopID)
    }

    func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Chat.Message? {
        try await memory.edit(id, in: shopID, text: text, at: time)
    }

    func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Chat.Message? {
        try await memory.delete(id, in: shopID)
    }

    func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp? {
        await pause()
        return try await memory.latestChange(in: shopID, upTo: horizon)
    }

    func message(_ id: MessageID) async throws(StorageError) -> Chat.Message? {
        await pause()
        return try await memory.message(id)
    }

    func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> ShopRole? {
        await pause()
        if hidesMembers { throw StorageError(.unavailable, detail: "simulated") }
        return try await memory.role(of: userID, in: shopID)
    }

    func ping() async throws(StorageError) { try await memory.ping() }

    func close() async { await memory.close() }

    var statistics: StoreStatistics { memory.statistics }

    func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError) {
        try await memory.createShop(shopID, name: name, at: time)
    }

    func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError) {
        try await memory.addMember(membership, at: time)
    }

    func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool {
        try await memory.removeMember(userID, from: shopID)
    }

    func members(of shopID: ShopID) async throws(StorageError) -> [Membership] {
        if hidesMembers { throw StorageError(.unavailable, detail: "simulated") }
        return try await memory.members(of: shopID)
    }

    func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError) {
        try await memory.importMembers(rows, at: time)
    }

    func membershipChanges(after position: Int64?) async throws(StorageError) -> MembershipChanges {
        try await memory.membershipChanges(after: position)
    }

    // Images

    func addImage(_ image: Storage.Image) async throws(StorageError) { try await memory.addImage(image) }

    func image(_ id: MessageID) async throws(StorageError) -> Storage.Image? { try await memory.image(id) }

    func removeImage(_ id: MessageID) async throws(StorageError) -> Bool { try await memory.removeImage(id) }

    func isNamed(_ image: Storage.Image) async throws(StorageError) -> Bool {
        if imagesNobodyFinds.contains(image.id) { throw StorageError(.busy, detail: "simulated") }
        return try await memory.isNamed(image)
    }

    func unkeptImages(
        createdBefore time: Timestamp, after last: Storage.Image?, limit: Int
    ) async throws(StorageError) -> [Storage.Image] {
        await pause()
        return try await memory.unkeptImages(createdBefore: time, after: last, limit: limit)
    }

    func setKept(_ isKept: Bool, images ids: [MessageID], in shopID: ShopID) async throws(StorageError) {
        try await memory.setKept(isKept, images: ids, in: shopID)
    }

    func username(of userID: UserID) async throws(StorageError) -> String? { try await memory.username(of: userID) }

    func setUsername(_ username: String?, of userID: UserID) async throws(StorageError) {
        try await memory.setUsername(username, of: userID)
    }
}
