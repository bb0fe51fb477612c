/// A signature of ES256: 64 bytes in a token (RFC 7518, section 3.4), a DER sequence of two integers in OpenSSL.
struct ECDSASignature {
    private static let numberByteCount = 32
    /// The longest encoding: two integers of 33 bytes with two bytes before each, and two before the sequence.
    private static let byteCountMax = 72

    private var bytes = InlineArray<72, UInt8>(repeating: 0)
    private var byteCount = 2

    /// Encodes the two numbers of a token's signature; nil when it has not 64 bytes.
    init?(_ signature: Span<UInt8>) {
        guard signature.count == 2 * Self.numberByteCount else { return nil }
        append(signature.extracting(first: Self.numberByteCount))
        append(signature.extracting(last: Self.numberByteCount))
        bytes[0] = 0x30
        bytes[1] = UInt8(byteCount - 2)
    }

    /// The DER text.
    var der: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes.span.extracting(first: byteCount) }
    }

    /// Appends an INTEGER: without leading zeros, but with one where the first bit would be the sign.
    private mutating func append(_ number: Span<UInt8>) {
        var start = 0
        while start < number.count - 1 && number[start] == 0 { start += 1 }
        let hasZero = number[start] >= 0x80
        bytes[byteCount] = 0x02
        bytes[byteCount + 1] = UInt8(number.count - start + (hasZero ? 1 : 0))
        byteCount += hasZero ? 3 : 2
        for index in start..<number.count {
            bytes[byteCount] = number[index]
            byteCount += 1
        }
    }
}
