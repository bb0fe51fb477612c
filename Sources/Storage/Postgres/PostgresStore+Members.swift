import Chat
import Primitives
import Synchronization

extension PostgresStore {
    /// The log of changed memberships is kept for a day. A caller that reads it less often than this may have missed
    /// some.
    private static let changesReadAgainWithin = Duration.seconds(12 * 3600)
    /// During a long transaction, the log may keep more changes than one answer returns. An answer reports itself
    /// incomplete for that reason only this often, as notifications report the changes too.
    private static let toldFullAgainAfter = Duration.seconds(30)
    /// The interval between two purges of the logs.
    private static let purgePeriod = Duration.seconds(60)
    /// The maximum number of rows that a purge removes from each log.
    private static let purgeCountMax: Int64 = 10_000

    /// See `MembershipStore`. O(log n).
    public func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> ShopRole? {
        try await read(.role, [.text(shopID.text), .text(userID.text)]).firstText.flatMap(ShopRole.init(rawValue:))
    }

    /// See `MembershipStore`. O(log n).
    public func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError) {
        try Validation.check(shopID)
        try Validation.check(name: name)
        let result = try await write(
            .insertShop, [.text(shopID.text), .optional(name), .time(time)], key: shopID.stableHash,
            isRepeatable: false)
        if result.affectedCount == 0 { throw StorageError(.conflict, detail: "shop id") }
    }

    /// See `MembershipStore`. O(log n).
    public func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError) {
        try Validation.check(membership)
        let result = try await write(
            .upsertMember,
            [
                .text(membership.shopID.text), .text(membership.userID.text), .text(membership.role.rawValue),
                .time(time),
            ], key: membership.shopID.stableHash, isRepeatable: true)
        if result.affectedCount == 0 { throw StorageError(.notFound, detail: "shop") }
    }

    /// See `MembershipStore`. O(log n).
    public func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool {
        let result = try await write(
            .deleteMember, [.text(shopID.text), .text(userID.text)], key: shopID.stableHash, isRepeatable: false)
        return result.affectedCount > 0
    }

    /// See `MembershipStore`. O(n).
    public func members(of shopID: ShopID) async throws(StorageError) -> [Membership] {
        let result = try await read(.members, [.text(shopID.text)])
        if result.rowCount == 0, try await read(.shopExists, [.text(shopID.text)]).rowCount == 0 {
            throw StorageError(.notFound, detail: "shop")
        }
        var members: [Membership] = []
        for row in 0..<result.rowCount {
            // A role that only another service knows makes no member here, as in `role`, and does not hide the other
            // members.
            guard let userID = result.text(row, 0), let role = result.text(row, 1).flatMap(ShopRole.init(rawValue:))
            else {
                continue
            }
            members.append(Membership(shopID: shopID, userID: UserID(userID), role: role))
        }
        return members
    }

    /// See `MembershipStore`. O(rows · log n), one statement.
    public func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError) {
        for row in rows { try Validation.check(row) }
        guard !rows.isEmpty else { return }
        _ = try await write(
            .importMembers,
            [
                .texts(rows.map(\.shopID.text)), .texts(rows.map(\.userID.text)), .texts(rows.map(\.role.rawValue)),
                .time(time),
            ], key: 0, isRepeatable: true)
    }

    /// See `MembershipStore`. O(changes). A caller that continues from the last answer's position receives each change
    /// once, even while a long transaction keeps that position from advancing.
    public func membershipChanges(after position: Int64?) async throws(StorageError) -> MembershipChanges {
        let countMax = Limits.membershipChangeCountMax
        let result = try await read(
            .membershipChanges, [position.map(PostgresValue.integer) ?? .null, .integer(Int64(countMax) + 1)])
        guard let newPosition = result.integer(0, 0) else { throw StorageError(.unexpected, detail: "no position") }
        let now = loop.now
        var rows: [LoggedChange] = []
        for row in 0..<result.rowCount {
            guard let place = result.integer(row, 1), let shopID = result.text(row, 2), let userID = result.text(row, 3)
            else { continue }
            let change = MembershipChange(shopID: ShopID(shopID), userID: UserID(userID))
            rows.append(LoggedChange(position: place, change: change))
        }
        let isFull = rows.count > countMax
        if isFull { rows = [] }
        let (told, isIncomplete) = membershipLog.withLock { log in
            let isLate = log.readAt.map { now.since($0) > Self.changesReadAgainWithin } ?? false
            let isToldFull = log.toldFullAt.map { now.since($0) < Self.toldFullAgainAfter } ?? false
            let told = position == log.position ? log.toldAgain : []
            log.toldAgain = Set(rows.filter { $0.position >= newPosition })
            log.position = newPosition
            log.readAt = now
            if isFull, !isToldFull { log.toldFullAt = now }
            return (told, position != nil && (isLate || isFull && !isToldFull))
        }
        await maintainLogs(at: now)
        return MembershipChanges(
            position: newPosition, changes: rows.filter { !told.contains($0) }.map(\.change),
            isIncomplete: isIncomplete)
    }

    /// Takes a mark for the log of changes, and at intervals purges the logs that the triggers write. After a failure
    /// the next call tries again; an older mark is safe.
    private func maintainLogs(at now: MonotonicInstant) async {
        // A write that waits for the lock would delay the answer.
        guard nodeLock?.isHeld ?? true else { return }
        if recent?.isMarkDue ?? true { _ = try? await write(.takeMark, [], key: 0, isRepeatable: true) }
        let isDue = membershipLog.withLock { log in
            guard log.purgedAt.map({ now.since($0) >= Self.purgePeriod }) ?? true else { return false }
            log.purgedAt = now
            return true
        }
        guard isDue else { return }
        for statement in [PostgresStatement.purgeMemberChanges, .purgeMessageDeletions, .purgeChanges, .purgeMarks] {
            _ = try? await write(statement, [.integer(Self.purgeCountMax)], key: 0, isRepeatable: true)
        }
    }

    /// See `MembershipStore`. O(log n).
    public func username(of userID: UserID) async throws(StorageError) -> String? {
        try await read(.username, [.text(userID.text)]).firstText
    }

    /// See `MembershipStore`. O(log n).
    public func setUsername(_ username: String?, of userID: UserID) async throws(StorageError) {
        try Validation.check(userID)
        try Validation.check(username: username)
        _ = try await write(
            .upsertUsername, [.text(userID.text), .optional(username)], key: userID.stableHash, isRepeatable: true)
    }
}

extension PostgresResult {
    /// The first column of the first row; nil when it is null or there are no rows.
    fileprivate var firstText: String? { rowCount == 0 ? nil : text(0, 0) }
}

/// A row of the log of changed memberships.
struct LoggedChange: Hashable, Sendable {
    /// The number of the transaction that wrote it.
    let position: Int64
    let change: MembershipChange
}

/// A store's progress in the log of changed memberships.
struct MembershipLog: Sendable {
    /// The position in the last answer.
    var position: Int64?
    /// Rows of the last answer at or after that position, which the next read finds again.
    var toldAgain: Set<LoggedChange> = []
    var readAt: MonotonicInstant?
    /// When an answer last reported that more memberships changed than it can return.
    var toldFullAt: MonotonicInstant?
    var purgedAt: MonotonicInstant?
}
