public import Storage

/// An upload whose body is arriving: its form, and how many bytes of the image the store holds.
///
/// At most one piece of the image is held in memory. The image goes to a partial file of the image store, piece by
/// piece, and nothing is received while a piece is being written.
public struct ImageUpload: Sendable {
    /// The form, as far as it arrived.
    public var form: ImageFormReader
    /// The image in the store until it is complete.
    public let partial = PartialImage(name: UUIDText.random())
    /// The bytes of the image that the store holds.
    public private(set) var storedByteCount = 0

    /// An upload of which nothing has arrived.
    public init(_ form: ImageFormReader) { self.form = form }

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
