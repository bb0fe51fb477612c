/// The boundary of a `multipart/form-data` body (RFC 2046, section 5.1.1; RFC 7578, section 4.1).
public struct MultipartBoundary: Hashable, Sendable {
    /// The maximum number of characters of a boundary.
    public static let byteCountMax = 70

    /// The characters, without the leading hyphens.
    let bytes: [UInt8]

    /// Parses the value of a `Content-Type` field.
    public init(contentType: String) throws(MultipartError) {
        let parts = ParameterList(contentType)
        guard let parts, parts.value.lowercased() == "multipart/form-data", let boundary = parts["boundary"] else {
            throw .notMultipart
        }
        let bytes = Array(boundary.utf8)
        guard (1...Self.byteCountMax).contains(bytes.count), bytes.last != ASCII.space,
            bytes.allSatisfy(Self.isBoundaryCharacter)
        else { throw .notMultipart }
        self.bytes = bytes
    }

    /// `bchars` of the grammar. CR is not among them, which keeps the search simple.
    private static func isBoundaryCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "+"), UInt8(ascii: "_"),
            UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"),
            UInt8(ascii: "="), UInt8(ascii: "?"), ASCII.space:
            true
        default: ASCII.isAlphanumeric(byte)
        }
    }
}
