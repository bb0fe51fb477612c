import API
import Reactor
import Storage

/// The bytes of an image as a body that is read while it is sent.
struct ImagePieces<IO: Driver>: ResponsePieces {
    let shard: Shard<IO>
    let image: any ImageBytes
    private var offset = 0

    init(_ image: any ImageBytes, of shard: Shard<IO>) {
        self.shard = shard
        self.image = image
    }

    mutating func next() async throws(APIError) -> ResponsePiece {
        let bytes: [UInt8]
        do throws(StorageError) {
            bytes = try await image.read(at: offset, byteCountMax: ServerLimits.responsePieceByteCount)
        } catch {
            throw shard.storageFailure(error)
        }
        if offset > 0 { await shard.pieceTurn() }
        offset += bytes.count
        return ResponsePiece(bytes: bytes, isLast: offset >= image.byteCount)
    }
}
