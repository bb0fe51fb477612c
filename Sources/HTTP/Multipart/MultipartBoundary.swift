/// The boundary of a `multipart/form-data` body (RFC 2046, section 5.1.1; RFC 7578, section 4.1).
public struct MultipartBoundary: Hashable, Sendable {
    /// The most characters that a boundary has.
    public static let byteCountMax = 70

    /// The characters, without the leading hyphens.
    let bytes: [UInt8]

    /// Reads the value of a `Content-Type` field.
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

    /// `bchars` of the grammar. No CR is among them, which is what makes the search simple.
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
