import COpenSSL

/// SHA-1 (FIPS 180-4) of bytes that come in pieces. Broken as a signature: only for protocols that name it.
///
/// A value of 96 bytes without heap memory; a copy goes on by itself.
public struct SHA1: Sendable {
    /// The size of a digest in bytes.
    public static let byteCount = 20

    private var context = SHA_CTX()

    /// The state before the first byte.
    public init() {
        // SAFETY: the call writes the struct that it is given; it fails only for null.
        unsafe SHA1_Init(&context)
    }

    /// Takes the next bytes. O(n), no allocation.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { buffer in
            // SAFETY: the call reads that many bytes, and keeps copies of those that fill no block.
            _ = unsafe SHA1_Update(&context, buffer.baseAddress, buffer.count)
        }
    }

    /// The digest of all bytes so far; no allocation.
    public func finalized() -> InlineArray<20, UInt8> {
        var context = context
        var digest = InlineArray<20, UInt8>(repeating: 0)
        var bytes = digest.mutableSpan
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: the call writes exactly `byteCount` bytes.
            _ = unsafe SHA1_Final(buffer.baseAddress, &context)
        }
        return digest
    }
}
