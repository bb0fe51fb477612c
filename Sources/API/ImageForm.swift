internal import HTTP
internal import Primitives
public import Storage

/// The contents of an upload's form.
package struct ImageForm: Sendable {
    /// The bytes of the image and their format.
    package let byteCount: Int
    package let format: ImageFormat
    /// The form's `shop_id`, which may also be in the query.
    package let shopID: String?
}

/// Reads the form of an upload as its body arrives. It holds no more than the shop and the bytes of the image that its
/// owner has not taken yet.
///
/// The name and the type that the client states for the file are dropped: the bytes determine the format, and the
/// server chooses the name.
public struct ImageFormReader: Sendable {
    private enum Part: Sendable {
        case file
        case shopID
        case other
    }

    private var parser: MultipartParser
    private var part = Part.other
    /// The number of bytes of the image so far; nil before its part begins.
    private var byteCount: Int?
    /// The first bytes of the image.
    private var signature: [UInt8] = []
    /// The bytes of the image that the owner has not taken yet.
    public private(set) var pending: [UInt8] = []
    private var shopID: [UInt8]?

    /// A reader for a body of this type.
    public init(contentType: String?) throws(APIError) {
        do throws(MultipartError) {
            parser = MultipartParser(boundary: try MultipartBoundary(contentType: contentType ?? ""))
        } catch {
            throw APIError(error)
        }
    }

    /// Takes the next bytes of the body.
    public mutating func receive(_ bytes: Span<UInt8>) throws(APIError) {
        var consumed = 0
        while true {
            let step: MultipartStep
            do throws(MultipartError) {
                step = try parser.next(bytes, consumed: &consumed)
            } catch {
                throw APIError(error)
            }
            switch step {
            case .needMore: return
            case .part(let head): try begin(head)
            case .content(let range): try append(bytes.extracting(range))
            case .heldContent(let held): try append(held.span)
            case .partEnd, .end: break
            }
        }
    }

    /// Takes the bytes of the image that arrived since the last call.
    public mutating func takePending() -> [UInt8] {
        defer { pending = [] }
        return pending
    }

    /// The body is complete.
    package func finish() throws(APIError) -> ImageForm {
        do throws(MultipartError) {
            try parser.finish()
        } catch {
            throw APIError(error)
        }
        guard let byteCount, byteCount > 0 else { throw .missingField("file") }
        guard let format = ImageFormat(signature: signature) else { throw .unknownImageType }
        var text: String?
        if let shopID {
            guard let valid = String(validating: shopID, as: UTF8.self) else { throw .missingField("shop_id") }
            text = valid
        }
        return ImageForm(byteCount: byteCount, format: format, shopID: text)
    }

    private mutating func begin(_ head: MultipartPart) throws(APIError) {
        switch head.name {
        case "file":
            guard byteCount == nil else { throw .repeatedField("file") }
            byteCount = 0
            part = .file
        case "shop_id":
            guard shopID == nil else { throw .repeatedField("shop_id") }
            shopID = []
            part = .shopID
        default:
            part = .other
        }
    }

    private mutating func append(_ bytes: Span<UInt8>) throws(APIError) {
        switch part {
        case .file:
            let known = byteCount ?? 0
            guard known + bytes.count <= Storage.Limits.imageByteCountMax else { throw .imageTooLarge }
            byteCount = known + bytes.count
            pending.append(contentsOf: bytes)
            let missing = min(bytes.count, ImageFormat.signatureByteCountMax - signature.count)
            guard missing > 0 else { return }
            signature.append(contentsOf: bytes.extracting(first: missing))
            // A body that cannot become an image is not read to its end.
            try checkSignature()
        case .shopID:
            guard (shopID?.count ?? 0) + bytes.count <= Storage.Limits.identifierByteCountMax else {
                throw .missingField("shop_id")
            }
            shopID?.append(contentsOf: bytes)
        case .other:
            break
        }
    }

    private func checkSignature() throws(APIError) {
        guard signature.count == ImageFormat.signatureByteCountMax else { return }
        guard ImageFormat(signature: signature) != nil else { throw .unknownImageType }
    }
}

/// An upload whose body is arriving: its form, and how many bytes of the image the store holds.
///
/// At most one piece of the image is held in memory. The image goes to a partial file of the image store, piece by
/// piece, and nothing is received while a piece is being written.
public struct ImageUpload: Sendable {
    /// The form, as far as it arrived.
    public var form: ImageFormReader
    /// The image in the store until it is complete.
    public let partial: PartialImage
    /// The bytes of the image that the store holds.
    public private(set) var storedByteCount = 0

    /// An upload of which nothing has arrived. `partialName` is a new identifier.
    public init(_ form: ImageFormReader, partialName: String) {
        self.form = form
        partial = PartialImage(name: partialName)
    }

    /// Whether a piece must be written before more is received.
    public var isPieceFull: Bool { form.pending.count >= Limits.uploadPieceByteCount }

    /// Whether the store holds a part of it, which must be finished under its name or discarded.
    public var isPartlyStored: Bool { storedByteCount > 0 }

    /// Takes the piece that is to be written, and its offset in the image.
    public mutating func takePiece() -> (bytes: [UInt8], offset: Int) {
        let piece = form.takePending()
        defer { storedByteCount += piece.count }
        return (piece, storedByteCount)
    }
}
