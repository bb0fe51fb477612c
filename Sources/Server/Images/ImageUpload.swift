import HTTP
import Primitives
import Storage

/// An upload whose body arrives: its form, and how much of the image went to the store already.
///
/// At most a piece of the image is held in memory. What came goes to a partial file of the image store, piece by piece,
/// and nothing is received while a piece is being written.
struct ImageUpload: Sendable {
    var form: ImageFormReader
    let partial = PartialImage(name: UUIDText.random())
    var storedByteCount = 0

    init(_ form: ImageFormReader) { self.form = form }

    /// Whether a piece waits that is to be written before more is received.
    var isPieceFull: Bool { form.pending.count >= ServerLimits.uploadPieceByteCount }

    /// Whether the store holds some of it, which must be given its name or be discarded.
    var isPartlyStored: Bool { storedByteCount > 0 }

    /// Takes the piece that is to be written, and the place where it goes.
    mutating func takePiece() -> (bytes: [UInt8], offset: Int) {
        let piece = form.takePending()
        defer { storedByteCount += piece.count }
        return (piece, storedByteCount)
    }
}
