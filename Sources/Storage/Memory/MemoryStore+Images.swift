import Primitives

extension MemoryStore {
    /// See `ImageRecordStore`. O(1).
    public func addImage(_ image: Image) async throws(StorageError) {
        try Validation.check(image)
        try withState { state throws(StorageError) in
            if state.images[image.id] != nil { throw StorageError(.conflict, detail: "image id") }
            state.images[image.id] = image
        }
    }

    /// See `ImageRecordStore`. O(1).
    public func image(_ id: MessageID) async throws(StorageError) -> Image? {
        try withState { state in state.images[id] }
    }

    /// See `ImageRecordStore`. O(1).
    public func removeImage(_ id: MessageID) async throws(StorageError) -> Bool {
        try withState { state in
            state.keptImages.remove(id)
            return state.images.removeValue(forKey: id) != nil
        }
    }

    /// See `ImageRecordStore`. O(1).
    public func isNamed(_ image: Image) async throws(StorageError) -> Bool {
        try withState { state in state.shops[image.shopID]?.imageNameCounts[image.fileName] != nil }
    }

    /// See `ImageRecordStore`. O(n log n).
    public func unkeptImages(
        createdBefore time: Timestamp, after last: Image?, limit: Int
    ) async throws(StorageError) -> [Image] {
        try withState { state in
            let images = state.images.values.filter { image in
                image.createdAt < time && !state.keptImages.contains(image.id)
                    && last.map { Self.precedes($0, image) } ?? true
            }
            return Array(images.sorted(by: Self.precedes).prefix(Limits.page(limit)))
        }
    }

    /// See `ImageRecordStore`. O(ids).
    public func setKept(_ isKept: Bool, images ids: [MessageID], in shopID: ShopID) async throws(StorageError) {
        try withState { state in
            for id in ids where state.images[id]?.shopID == shopID {
                if isKept { state.keptImages.insert(id) } else { state.keptImages.remove(id) }
            }
        }
    }

    /// Whether one image was uploaded before another.
    private static func precedes(_ left: Image, _ right: Image) -> Bool {
        left.createdAt != right.createdAt ? left.createdAt < right.createdAt : left.id.precedes(right.id)
    }
}
