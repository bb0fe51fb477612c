/// The lengths of the TLS records in a stream of bytes, by their headers (RFC 8446, section 5.1).
struct TLSRecordLengths {
    private static let headerByteCount = 5

    /// Of each record whose header has arrived, the bytes after the header.
    private(set) var lengths: [Int] = []
    private var header: [UInt8] = []
    /// Bytes of the last record that have not arrived.
    private var missingByteCount = 0

    /// Whether the last record has arrived whole.
    var isComplete: Bool { header.isEmpty && missingByteCount == 0 }

    mutating func received(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let skipped = min(missingByteCount, rest.count)
            missingByteCount -= skipped
            rest = rest.dropFirst(skipped)
            guard let byte = rest.popFirst() else { return }
            header.append(byte)
            guard header.count == Self.headerByteCount else { continue }
            missingByteCount = Int(header[3]) << 8 | Int(header[4])
            lengths.append(missingByteCount)
            header = []
        }
    }
}
