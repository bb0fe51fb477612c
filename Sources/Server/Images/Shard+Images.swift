import API
import Auth
import Chat
import HTTP
import HTTPTypes
import JSON
import Logging
import Primitives
import Reactor
import Storage

// Images: uploaded before the message that names them, readable by members, and removed with that message. An image
// that no message ever names is removed after a day, or after `orphanImageSeconds`.

extension Shard {
    /// `POST /api/v1/shops/messages/image/upload`: posts no message.
    func uploadImage(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        guard let upload = request.upload else { throw .missingField("file") }
        do throws(APIError) {
            return try await keep(upload, request, identity)
        } catch {
            await discard(upload)
            throw error
        }
    }

    private func keep(
        _ upload: ImageUpload, _ request: Request, _ identity: Identity
    ) async throws(APIError) -> Response {
        let form = try upload.form.finish()
        let queryShop = try request.queryItem("shop_id")
        let shopText = form.shopID ?? queryShop ?? ""
        try RequestBody.checkIdentifier(shopText, name: "shop_id")
        let shop = ShopID(shopText)
        try await requireMembership(of: identity.userID, in: shop)
        let image = Storage.Image(
            id: MessageID(UUIDText.random()), shopID: shop, userID: identity.userID,
            fileExtension: form.format.fileExtension, createdAt: civilTime)
        try await takeUploadBytes(form.byteCount, of: identity.userID)
        do throws(APIError) {
            try await keep(image, upload)
        } catch {
            returnUploadBytes(form.byteCount, of: identity.userID)
            throw error
        }
        var writer = JSONWriter()
        writer.raw("{\"message_id\":")
        writer.string(image.id.text)
        writer.raw(",\"shop_id\":")
        writer.string(shop.text)
        writer.raw(",\"image_url\":")
        writer.string(environment.imageLinks.url(of: image.fileName, in: shop, under: request.head.path, at: civilTime))
        writer.raw(",\"file_extension\":")
        writer.string(image.fileExtension)
        writer.raw("}")
        return .enveloped(.ok, message: "Image uploaded", data: writer.bytes)
    }

    private func keep(_ image: Storage.Image, _ upload: ImageUpload) async throws(APIError) {
        // The record first: a file without a record would never be found again, while a record without a file is an
        // orphan.
        try await stored { (store) async throws(StorageError) in try await store.addImage(image) }
        do throws(StorageError) {
            var upload = upload
            if upload.isPartlyStored {
                let rest = upload.takePiece()
                try await storage.images.append(rest.bytes, to: upload.partial, at: rest.offset)
                try await storage.images.finish(upload.partial, name: image.fileName)
            } else {
                try await storage.images.write(upload.form.pending, name: image.fileName)
            }
        } catch {
            _ = try? await storage.store.removeImage(image.id)
            throw storageFailure(error)
        }
    }

    /// `DELETE /api/v1/shops/messages/image/:message_id?shop_id=`: for the uploader or an admin, as long as no message
    /// names the image.
    func removeImage(_ request: Request) async throws(APIError) -> Response {
        let identity = try await identity(request)
        let id = MessageID(request.parameters["message_id"] ?? "")
        let shopText = try request.queryItem("shop_id")
        let image = try await stored { (store) async throws(StorageError) in try await store.image(id) }
        guard let image, shopText == nil || ShopID(shopText ?? "") == image.shopID,
            let role = try await role(of: identity.userID, in: image.shopID)
        else { throw .imageNotFound }
        guard image.userID == identity.userID || role == .admin else { throw .notUploader }
        let isNamed = try await stored { (store) async throws(StorageError) in try await store.isNamed(image) }
        guard !isNamed else { throw .imageInUse }
        try await remove(image)
        return .enveloped(.ok, message: "Image deleted", data: Array("null".utf8))
    }

    /// `GET /api/v1/shops/:shop_id/messages/image/:name`
    func serveImage(_ request: Request) async throws(APIError) -> Response {
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let name = request.parameters["name"] ?? ""
        let lifetimeSeconds: Int64
        if environment.imageLinks.areSigned, let signature = try request.queryItem("signature") {
            // The signature replaces the token, which image widgets do not send.
            let remaining = environment.imageLinks.remainingSeconds(
                of: name, in: shop, expires: try request.queryItem("expires"), signature: signature, at: civilTime)
            guard let remaining else { throw .badImageLink }
            try reserveSignedRead(for: request, in: shop)
            lifetimeSeconds = remaining
        } else {
            let identity = try await identity(request)
            try await reserveRead(for: request, of: identity.userID)
            try await requireMembership(of: identity.userID, in: shop)
            lifetimeSeconds = 31_536_000
        }
        guard let image = try await image(named: name), image.shopID == shop,
            let format = ImageFormat(fileExtension: image.fileExtension)
        else { throw .imageNotFound }
        try holdResponseMemory(API.Limits.responseByteCountReserved, for: request)
        let file: (any ImageBytes)?
        do throws(StorageError) { file = try await storage.images.open(image.fileName) } catch {
            throw storageFailure(error)
        }
        guard let file else { throw .imageNotFound }
        return try await Response(
            contentType: format.mediaType,
            fields: [
                .xContentTypeOptions: "nosniff", .contentSecurityPolicy: "default-src 'none'; sandbox",
                .cacheControl: "private, max-age=\(lifetimeSeconds), immutable",
            ],
            byteCount: file.byteCount, producedBy: ImagePieces(file, of: self))
    }

    // MARK: - What messages name

    /// A message was deleted: removes the images of its author that no other message names. A failure here does not
    /// undo the deletion; the search for orphans finds the images that remain.
    func removeImages(namedBy message: Chat.Message) async {
        await reconsiderImages(namedBy: message)
        for name in ImageMarker.fileNames(in: message.text).prefix(API.Limits.imagesRemovedAtOnceMax) {
            do throws(APIError) {
                guard let image = try await image(named: name), image.shopID == message.shopID,
                    image.userID == message.userID
                else { continue }
                let isNamed = try await stored { (store) async throws(StorageError) in try await store.isNamed(image) }
                if !isNamed { try await remove(image) }
            } catch {
                environment.log.warning(
                    "an image was left behind", metadata: ["code": "\(error.code)", "image": "\(name)"])
            }
        }
    }

    /// A message that was deleted or edited may have been the last to name an image, which another user may have
    /// uploaded. The search for orphans checks the image again.
    func reconsiderImages(namedBy message: Chat.Message) async {
        let ids = ImageMarker.fileNames(in: message.text).compactMap(ImageMarker.imageID(fileName:))
        guard !ids.isEmpty else { return }
        do throws(APIError) {
            try await stored { (store) async throws(StorageError) in
                try await store.setKept(false, images: ids, in: message.shopID)
            }
        } catch {
            environment.log.warning(
                "images were not reconsidered", metadata: ["code": "\(error.code)", "count": "\(ids.count)"])
        }
    }

    /// Removes images that were uploaded long ago and that no message names.
    func removeOrphanedImages() async {
        let deadline = civilTime.advanced(
            byMicroseconds: -Int64(environment.configuration.orphanImageSeconds) * 1_000_000)
        var batch: [Storage.Image] = []
        repeat {
            let last = batch.last
            do throws(APIError) {
                batch = try await stored { (store) async throws(StorageError) in
                    try await store.unkeptImages(
                        createdBefore: deadline, after: last, limit: API.Limits.orphanBatchCountMax)
                }
            } catch {
                return environment.log.warning(
                    "the search for orphaned images broke off", metadata: ["code": "\(error.code)"])
            }
            for image in batch where !drainProgress.isDraining { await removeIfOrphaned(image) }
        } while batch.count == API.Limits.orphanBatchCountMax && !drainProgress.isDraining
    }

    /// Skips an image that fails until the next search, so that younger ones do not wait for it.
    private func removeIfOrphaned(_ image: Storage.Image) async {
        do throws(APIError) {
            let isNamed = try await stored { (store) async throws(StorageError) in
                guard try await store.isNamed(image) else { return false }
                try await store.setKept(true, images: [image.id], in: image.shopID)
                return true
            }
            guard !isNamed else { return }
            try await remove(image)
            counters.orphanedImages += 1
        } catch {
            environment.log.warning(
                "an image may be an orphan", metadata: ["code": "\(error.code)", "image": "\(image.fileName)"])
        }
    }

    // MARK: - Parts

    private func image(named name: String) async throws(APIError) -> Storage.Image? {
        guard let id = ImageMarker.imageID(fileName: name) else { return nil }
        let image = try await stored { (store) async throws(StorageError) in try await store.image(id) }
        guard let image, image.fileName.utf8.elementsEqual(name.utf8) else { return nil }
        return image
    }

    /// The file first: the search for orphans finds a record without a file again.
    private func remove(_ image: Storage.Image) async throws(APIError) {
        do throws(StorageError) {
            _ = try await storage.images.remove(image.fileName)
            _ = try await storage.store.removeImage(image.id)
        } catch {
            throw storageFailure(error)
        }
    }
}
