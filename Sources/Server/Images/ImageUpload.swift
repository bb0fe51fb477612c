import HTTP
import Primitives
import Storage

/// An upload whose body is arriving: its form, and how many bytes of the image the store holds.
///
/// At most one piece of the image is held in memory. The image goes to a partial file of the image store, piece by
/// piece, and nothing is received while a piece is being written.
struct ImageUpload: Sendable {
    var form: ImageFormReader
    let partial = PartialImage(name: UUIDText.random())
    var storedByteCount = 0

    init(_ form: ImageFormReader) { self.form = form }

    /// Whether a piece must be written before more is received.
    var isPieceFull: Bool { form.pending.count >= ServerLimits.uploadPieceByteCount }

    /// Whether the store holds a part of it, which must be finished under its name or discarded.
    var isPartlyStored: Bool { storedByteCount > 0 }

    /// Takes the piece that is to be written, and its offset in the image.
    mutating func takePiece() -> (bytes: [UInt8], offset: Int) {
        let piece = form.takePending()
        defer { storedByteCount += piece.count }
        return (piece, storedByteCount)
    }
}
