import GRDB
import Primitives

extension SQLiteStore {
    /// See `ImageRecordStore`. O(log n).
    public func addImage(_ image: Image) async throws(StorageError) {
        try Validation.check(image)
        try await change { db in
            try db.cachedStatement(sql: Queries.insertImage).execute(arguments: [
                image.id.text, image.shopID.text, image.userID.text, image.fileExtension,
                image.createdAt.microsecondsSinceEpoch,
            ])
        }
    }

    /// See `ImageRecordStore`. O(log n).
    public func image(_ id: MessageID) async throws(StorageError) -> Image? {
        try await lookUp { db in try Self.fetchImages(db, Queries.imageByID, [id.text]).first }
    }

    /// See `ImageRecordStore`. O(log n).
    public func removeImage(_ id: MessageID) async throws(StorageError) -> Bool {
        try await change { db in
            try db.cachedStatement(sql: Queries.deleteImage).execute(arguments: [id.text])
            return db.changesCount > 0
        }
    }

    /// See `ImageRecordStore`.
    public func isNamed(_ image: Image) async throws(StorageError) -> Bool {
        let found = try await lookUp { db in
            try Int.fetchOne(
                db.cachedStatement(sql: Queries.isImageNamed), arguments: [image.shopID.text, image.fileName])
        }
        return found != nil
    }

    /// See `ImageRecordStore`. O(log n + limit).
    public func unkeptImages(
        createdBefore time: Timestamp, after last: Image?, limit: Int
    ) async throws(StorageError) -> [Image] {
        let start = last?.createdAt ?? .earliest
        return try await read { db in
            try Self.fetchImages(
                db, Queries.unkeptImages,
                [time.microsecondsSinceEpoch, start.microsecondsSinceEpoch, last?.id.text ?? "", Limits.page(limit)])
        }
    }

    /// See `ImageRecordStore`. O(ids · log n), one transaction.
    public func setKept(_ isKept: Bool, images ids: [MessageID], in shopID: ShopID) async throws(StorageError) {
        try await change { db in
            let keep = try db.cachedStatement(sql: Queries.keepImage)
            for id in ids { try keep.execute(arguments: [isKept, id.text, shopID.text]) }
        }
    }

    private static func fetchImages(_ db: Database, _ query: String, _ arguments: StatementArguments) throws -> [Image]
    {
        let rows = try Row.fetchCursor(db.cachedStatement(sql: query), arguments: arguments)
        var images: [Image] = []
        while let row = try rows.next() {
            images.append(
                Image(
                    id: MessageID(row[0]), shopID: ShopID(row[1]), userID: UserID(row[2]), fileExtension: row[3],
                    createdAt: Timestamp(microsecondsSinceEpoch: row[4])))
        }
        return images
    }
}
