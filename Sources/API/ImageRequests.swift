internal import Auth
internal import Chat
internal import HTTP
internal import HTTPTypes
internal import JSON
internal import Primitives
internal import Storage

/// Images: uploaded before the message that names them, readable by members, and removed with that message. An image
/// that no message ever names is removed after a day, or after `orphanImageSeconds`.
public enum ImageRequests {
    /// `POST /api/v1/shops/messages/image/upload`: posts no message.
    public static func upload(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let identity = try await context.identity(of: request)
        guard let upload = request.upload else { throw .missingField("file") }
        do throws(APIError) {
            return try await keep(upload, request, identity, in: context)
        } catch {
            await context.discard(upload)
            throw error
        }
    }

    private static func keep(
        _ upload: ImageUpload, _ request: Request, _ identity: Identity, in context: some Context
    ) async throws(APIError) -> Response {
        let form = try upload.form.finish()
        let queryShop = try request.queryItem("shop_id")
        let shopText = form.shopID ?? queryShop ?? ""
        try RequestBody.checkIdentifier(shopText, name: "shop_id")
        let shop = ShopID(shopText)
        try await context.requireMembership(of: identity.userID, in: shop)
        let image = Image(
            id: MessageID(context.newIdentifier()), shopID: shop, userID: identity.userID,
            fileExtension: form.format.fileExtension, createdAt: context.civilTime)
        try await context.takeUploadBytes(form.byteCount, of: identity.userID)
        do throws(APIError) {
            try await keep(image, upload, in: context)
        } catch {
            context.returnUploadBytes(form.byteCount, of: identity.userID)
            throw error
        }
        let url = context.settings.imageLinks.url(
            of: image.fileName, in: shop, under: request.head.path, at: context.civilTime)
        var writer = JSONWriter()
        writer.raw("{\"message_id\":")
        writer.string(image.id.text)
        writer.raw(",\"shop_id\":")
        writer.string(shop.text)
        writer.raw(",\"image_url\":")
        writer.string(url)
        writer.raw(",\"file_extension\":")
        writer.string(image.fileExtension)
        writer.raw("}")
        return .enveloped(.ok, message: "Image uploaded", data: writer.bytes)
    }

    private static func keep(
        _ image: Image, _ upload: ImageUpload, in context: some Context
    ) async throws(APIError) {
        // The record first: a file without a record would never be found again, while a record without a file is an
        // orphan.
        try await context.stored { (store) async throws(StorageError) in try await store.addImage(image) }
        do throws(StorageError) {
            var upload = upload
            if upload.isPartlyStored {
                let rest = upload.takePiece()
                try await context.images.append(rest.bytes, to: upload.partial, at: rest.offset)
                try await context.images.finish(upload.partial, name: image.fileName)
            } else {
                try await context.images.write(upload.form.pending, name: image.fileName)
            }
        } catch {
            _ = try? await context.store.removeImage(image.id)
            throw context.storageFailure(error)
        }
    }

    /// `DELETE /api/v1/shops/messages/image/:message_id?shop_id=`: for the uploader or an admin, as long as no message
    /// names the image.
    public static func remove(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let identity = try await context.identity(of: request)
        let id = MessageID(request.parameters["message_id"] ?? "")
        let shopText = try request.queryItem("shop_id")
        let image = try await context.stored { (store) async throws(StorageError) in try await store.image(id) }
        guard let image, shopText == nil || ShopID(shopText ?? "") == image.shopID,
            let role = try await context.role(of: identity.userID, in: image.shopID)
        else { throw .imageNotFound }
        guard image.userID == identity.userID || role == .admin else { throw .notUploader }
        let isNamed = try await context.stored { (store) async throws(StorageError) in try await store.isNamed(image) }
        guard !isNamed else { throw .imageInUse }
        try await context.remove(image)
        return .enveloped(.ok, message: "Image deleted", data: Array("null".utf8))
    }

    /// `GET /api/v1/shops/:shop_id/messages/image/:name`
    public static func serve(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        let shop = ShopID(request.parameters["shop_id"] ?? "")
        let name = request.parameters["name"] ?? ""
        let lifetimeSeconds: Int64
        if context.settings.imageLinks.areSigned, let signature = try request.queryItem("signature") {
            // The signature replaces the token, which image widgets do not send.
            let remaining = context.settings.imageLinks.remainingSeconds(
                of: name, in: shop, expires: try request.queryItem("expires"), signature: signature,
                at: context.civilTime)
            guard let remaining else { throw .badImageLink }
            try context.reserveSignedRead(for: request, in: shop)
            lifetimeSeconds = remaining
        } else {
            let identity = try await context.identity(of: request)
            try await context.reserveRead(for: request, of: identity.userID)
            try await context.requireMembership(of: identity.userID, in: shop)
            lifetimeSeconds = 31_536_000
        }
        guard let image = try await context.image(named: name), image.shopID == shop,
            let format = ImageFormat(fileExtension: image.fileExtension)
        else { throw .imageNotFound }
        try context.holdResponseMemory(Limits.responseByteCountReserved, for: request)
        let file: (any ImageBytes)?
        do throws(StorageError) { file = try await context.images.open(image.fileName) } catch {
            throw context.storageFailure(error)
        }
        guard let file else { throw .imageNotFound }
        return try await Response(
            contentType: format.mediaType,
            fields: [
                .xContentTypeOptions: "nosniff", .contentSecurityPolicy: "default-src 'none'; sandbox",
                .cacheControl: "private, max-age=\(lifetimeSeconds), immutable",
            ],
            byteCount: file.byteCount, producedBy: ImagePieces(file, in: context))
    }
}

/// The bytes of an image as a body that is read while it is sent.
private struct ImagePieces<C: Context>: ResponsePieces {
    private let context: C
    private let image: any ImageBytes
    private var offset = 0

    init(_ image: any ImageBytes, in context: C) {
        self.context = context
        self.image = image
    }

    mutating func next() async throws(APIError) -> ResponsePiece {
        let bytes: [UInt8]
        do throws(StorageError) {
            bytes = try await image.read(at: offset, byteCountMax: Limits.responsePieceByteCount)
        } catch {
            throw context.storageFailure(error)
        }
        if offset > 0 { await context.pieceTurn() }
        offset += bytes.count
        return ResponsePiece(bytes: bytes, isLast: offset >= image.byteCount)
    }
}
