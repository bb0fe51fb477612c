internal import Storage

/// The bytes of an image as a body that is read while it is sent.
struct ImagePieces<C: Context>: ResponsePieces {
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
