import Chat
import FoundationEssentials
import GRDB
import Primitives

extension SQLiteStore {
    /// See `MembershipStore`. O(log n).
    public func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> ShopRole? {
        let text = try await lookUp { db in
            try String.fetchOne(db.cachedStatement(sql: Queries.role), arguments: [shopID.text, userID.text])
        }
        return text.flatMap(ShopRole.init(rawValue:))
    }

    /// See `MembershipStore`. O(log n).
    public func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError) {
        try Validation.check(shopID)
        try Validation.check(name: name)
        try await change { db in
            try db.cachedStatement(sql: Queries.insertShop)
                .execute(arguments: [shopID.text, name, time.microsecondsSinceEpoch])
        }
    }

    /// See `MembershipStore`. O(log n).
    public func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError) {
        try Validation.check(membership)
        try await change { db in
            try Self.requireShop(membership.shopID, db)
            try Self.upsert(membership, at: time, db)
        }
    }

    /// See `MembershipStore`. O(log n).
    public func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool {
        try await change { db in
            try db.cachedStatement(sql: Queries.deleteMember).execute(arguments: [shopID.text, userID.text])
            return db.changesCount > 0
        }
    }

    /// See `MembershipStore`. O(n).
    public func members(of shopID: ShopID) async throws(StorageError) -> [Membership] {
        try await read { db in
            try Self.requireShop(shopID, db)
            let rows = try Row.fetchCursor(db.cachedStatement(sql: Queries.members), arguments: [shopID.text])
            var members: [Membership] = []
            while let row = try rows.next() {
                guard let role = ShopRole(rawValue: row[1]) else { throw StorageError(.corrupt, detail: "role") }
                members.append(Membership(shopID: shopID, userID: UserID(row[0]), role: role))
            }
            return members
        }
    }

    /// See `MembershipStore`. O(rows · log n); other writes wait meanwhile.
    public func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError) {
        for row in rows { try Validation.check(row) }
        try await change { db in
            let ensureShop = try db.cachedStatement(sql: Queries.ensureShop)
            var shopID: ShopID?
            for row in rows {
                if row.shopID != shopID {
                    try ensureShop.execute(arguments: [row.shopID.text, time.microsecondsSinceEpoch])
                    shopID = row.shopID
                }
                try Self.importMember(row, at: time, db)
            }
        }
    }

    private static func importMember(_ row: Membership, at time: Timestamp, _ db: Database) throws {
        let key: StatementArguments = [row.shopID.text, row.userID.text]
        let imported = try String.fetchOne(db.cachedStatement(sql: Queries.importedRole), arguments: key)
        if imported == row.role.rawValue { return }
        let arguments: StatementArguments = [row.shopID.text, row.userID.text, row.role.rawValue]
        try db.cachedStatement(sql: Queries.recordImport).execute(arguments: arguments)
        if imported == nil {
            try upsert(row, at: time, db)
        } else {
            try db.cachedStatement(sql: Queries.updateRole).execute(arguments: arguments)
        }
    }

    /// See `MembershipStore`. O(changes). Triggers keep the log, so it includes the changes of other processes.
    public func membershipChanges(after position: Int64?) async throws(StorageError) -> MembershipChanges {
        try await read { db in
            let bounds = try Row.fetchOne(db.cachedStatement(sql: Queries.membershipChangeBounds))
            let (first, last): (Int64, Int64) = (bounds?[0] ?? 0, bounds?[1] ?? 0)
            guard let position, position < last else {
                return MembershipChanges(position: last, changes: [], isIncomplete: false)
            }
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: Queries.membershipChanges), arguments: [position])
            var changes: [MembershipChange] = []
            while let row = try rows.next() {
                changes.append(MembershipChange(shopID: ShopID(row[0]), userID: UserID(row[1])))
            }
            return MembershipChanges(position: last, changes: changes, isIncomplete: position + 1 < first)
        }
    }

    /// See `MembershipStore`. O(log n).
    public func username(of userID: UserID) async throws(StorageError) -> String? {
        try await lookUp { db in
            try String?.fetchOne(db.cachedStatement(sql: Queries.username), arguments: [userID.text]) ?? nil
        }
    }

    /// See `MembershipStore`. O(log n).
    public func setUsername(_ username: String?, of userID: UserID) async throws(StorageError) {
        try Validation.check(userID)
        try Validation.check(username: username)
        try await change { db in
            try db.cachedStatement(sql: Queries.upsertUsername).execute(arguments: [userID.text, username])
        }
    }

    private static func requireShop(_ shopID: ShopID, _ db: Database) throws {
        let found = try Int.fetchOne(db.cachedStatement(sql: Queries.shopExists), arguments: [shopID.text])
        if found == nil { throw StorageError(.notFound, detail: "shop") }
    }

    private static func upsert(_ membership: Membership, at time: Timestamp, _ db: Database) throws {
        try db.cachedStatement(sql: Queries.upsertMember).execute(arguments: [
            UUID().uuidString.lowercased(), membership.shopID.text, membership.userID.text, membership.role.rawValue,
            time.microsecondsSinceEpoch,
        ])
    }
}
