public import Chat
internal import Logging
public import Primitives
internal import Storage

// The removal of images that no message names: with the last message that named them, or by a search for orphans.

extension Context {
    /// Removes what the store holds of an upload that will not become an image.
    public func discard(_ upload: ImageUpload) async {
        guard upload.isPartlyStored else { return }
        do throws(StorageError) {
            try await images.discard(upload.partial)
        } catch {
            // The next start removes it.
            reportStorageFailure(error)
        }
    }

    /// A message was deleted: removes the images of its author that no other message names. A failure here does not
    /// undo the deletion; the search for orphans finds the images that remain.
    public func removeImages(namedBy message: Message, for request: Request) async {
        await reconsiderImages(namedBy: message, for: request)
        for name in ImageMarker.fileNames(in: message.text).prefix(Limits.imagesRemovedAtOnceMax) {
            do throws(APIError) {
                guard let image = try await image(named: name), image.shopID == message.shopID,
                    image.userID == message.userID
                else { continue }
                let isNamed = try await stored { (store) async throws(StorageError) in try await store.isNamed(image) }
                if !isNamed { try await remove(image) }
            } catch {
                log.warning(
                    "an image was left behind", metadata: metadata(of: error, ["image": "\(name)"], for: request))
            }
        }
    }

    /// A message that was deleted or edited may have been the last to name an image, which another user may have
    /// uploaded. The search for orphans checks the image again.
    public func reconsiderImages(namedBy message: Message, for request: Request) async {
        let ids = ImageMarker.fileNames(in: message.text).compactMap(ImageMarker.imageID(fileName:))
        guard !ids.isEmpty else { return }
        do throws(APIError) {
            try await stored { (store) async throws(StorageError) in
                try await store.setKept(false, images: ids, in: message.shopID)
            }
        } catch {
            log.warning(
                "images were not reconsidered",
                metadata: metadata(of: error, ["count": "\(ids.count)"], for: request))
        }
    }

    private func metadata(
        of error: APIError, _ fields: Logger.Metadata, for request: Request
    ) -> Logger.Metadata {
        logMetadata(of: request).merging(fields) { $1 }.merging(error.logMetadata) { $1 }
    }
}

extension ReactorContext {
    /// The image of this file name; nil when there is none.
    func image(named name: String) async throws(APIError) -> Image? {
        guard let id = ImageMarker.imageID(fileName: name) else { return nil }
        let image = try await stored { (store) async throws(StorageError) in try await store.image(id) }
        guard let image, image.fileName.utf8.elementsEqual(name.utf8) else { return nil }
        return image
    }

    /// Removes an image. The file first: the search for orphans finds a record without a file again.
    func remove(_ image: Image) async throws(APIError) {
        do throws(StorageError) {
            _ = try await images.remove(image.fileName)
            _ = try await store.removeImage(image.id)
        } catch {
            throw storageFailure(error)
        }
    }
}

/// The reactor that searches for images that no message names.
public protocol OrphanSearcher: ReactorContext {
    /// Whether the server is stopping: the search ends early.
    var isDraining: Bool { get }

    /// Counts an image that was removed because no message names it.
    func countOrphanedImage()
}

extension OrphanSearcher {
    /// Removes images that were uploaded long ago and that no message names.
    public func removeOrphanedImages() async {
        let deadline = civilTime.advanced(byMicroseconds: -Int64(settings.orphanImageSeconds) * 1_000_000)
        var batch: [Image] = []
        repeat {
            let last = batch.last
            do throws(APIError) {
                batch = try await stored { (store) async throws(StorageError) in
                    try await store.unkeptImages(
                        createdBefore: deadline, after: last, limit: Limits.orphanBatchCountMax)
                }
            } catch {
                return log.warning("the search for orphaned images broke off", metadata: error.logMetadata)
            }
            for image in batch where !isDraining { await removeIfOrphaned(image) }
        } while batch.count == Limits.orphanBatchCountMax && !isDraining
    }

    /// Skips an image that fails until the next search, so that younger ones do not wait for it.
    private func removeIfOrphaned(_ image: Image) async {
        do throws(APIError) {
            let isNamed = try await stored { (store) async throws(StorageError) in
                guard try await store.isNamed(image) else { return false }
                try await store.setKept(true, images: [image.id], in: image.shopID)
                return true
            }
            guard !isNamed else { return }
            try await remove(image)
            countOrphanedImage()
        } catch {
            let fields: Logger.Metadata = ["image": "\(image.fileName)", "shop_id": "\(image.shopID.text)"]
            log.warning("an image may be an orphan", metadata: fields.merging(error.logMetadata) { $1 })
        }
    }
}

/// When to search for images that no message names. One search runs at a time, as it may take long, and searches begin
/// at least a period apart. A value; time is an argument.
public struct OrphanSearch: Sendable {
    private let period: Duration
    private var isRunning = false
    private var nextAt = MonotonicInstant(nanoseconds: 0)

    /// Searches once a minute, or more often when images are removed earlier than that.
    public init(orphanSeconds: Int) { period = min(Limits.orphanSearchPeriod, .seconds(orphanSeconds)) }

    /// Begins a search; false when one is running or none is due.
    public mutating func begin(at now: MonotonicInstant) -> Bool {
        guard !isRunning, now >= nextAt else { return false }
        isRunning = true
        nextAt = now + period
        return true
    }

    /// The search is over.
    public mutating func ended() { isRunning = false }
}
