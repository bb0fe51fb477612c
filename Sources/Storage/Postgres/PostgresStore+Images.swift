import Primitives

extension PostgresStore {
    /// See `ImageRecordStore`. O(log n).
    public func addImage(_ image: Image) async throws(StorageError) {
        try Validation.check(image)
        let result = try await write(
            .insertImage,
            [
                .text(image.id.text), .text(image.shopID.text), .text(image.userID.text), .text(image.fileExtension),
                .time(image.createdAt),
            ], key: image.shopID.stableHash, isRepeatable: false)
        if result.affectedCount == 0 { throw StorageError(.conflict, detail: "image id") }
    }

    /// See `ImageRecordStore`. O(log n).
    public func image(_ id: MessageID) async throws(StorageError) -> Image? {
        try Self.images(try await read(.imageByID, [.text(id.text)])).first
    }

    /// See `ImageRecordStore`. O(log n).
    public func removeImage(_ id: MessageID) async throws(StorageError) -> Bool {
        try await write(.deleteImage, [.text(id.text)], key: id.stableHash, isRepeatable: false).affectedCount > 0
    }

    /// See `ImageRecordStore`. O(log n).
    public func isNamed(_ image: Image) async throws(StorageError) -> Bool {
        try await read(.isImageNamed, [.text(image.shopID.text), .text(image.fileName)]).rowCount > 0
    }

    /// See `ImageRecordStore`. O(log n + limit).
    public func unkeptImages(
        createdBefore time: Timestamp, after last: Image?, limit: Int
    ) async throws(StorageError) -> [Image] {
        let arguments: [PostgresValue] = [
            .time(time), .time(last?.createdAt ?? .earliest), .text(last?.id.text ?? ""),
            .integer(Int64(Limits.page(limit))),
        ]
        return try Self.images(try await read(.unkeptImages, arguments))
    }

    /// See `ImageRecordStore`. O(ids · log n), one statement.
    public func setKept(_ isKept: Bool, images ids: [MessageID], in shopID: ShopID) async throws(StorageError) {
        _ = try await write(
            .keepImages, [.boolean(isKept), .texts(ids.map(\.text)), .text(shopID.text)], key: shopID.stableHash,
            isRepeatable: true)
    }

    private static func images(_ result: PostgresResult) throws(StorageError) -> [Image] {
        var images: [Image] = []
        for row in 0..<result.rowCount {
            guard let id = result.text(row, 0), let shopID = result.text(row, 1), let userID = result.text(row, 2),
                let fileExtension = result.text(row, 3), let createdAt = result.time(row, 4)
            else { throw StorageError(.corrupt, detail: "an image lacks a column") }
            images.append(
                Image(
                    id: MessageID(id), shopID: ShopID(shopID), userID: UserID(userID), fileExtension: fileExtension,
                    createdAt: createdAt))
        }
        return images
    }
}
