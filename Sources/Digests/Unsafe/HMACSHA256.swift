import COpenSSL

/// HMAC with SHA-256 (RFC 2104) and one key.
///
/// The key is kept as the two states of SHA-256 after it, so a code costs the blocks of the message and one more; they
/// are wiped when the last reference goes. Any thread.
@safe public final class HMACSHA256: @unchecked Sendable {
    // `@unchecked`: `states` is written in `init` and `deinit` only.

    /// The size of a code in bytes.
    public static let byteCount = 32
    private static let blockByteCount = 64

    /// The inner state, then the outer one.
    private let states: UnsafeMutablePointer<SHA256_CTX>

    /// Takes a key of any length. One allocation beside the object.
    public init(key: Span<UInt8>) {
        var block = InlineArray<64, UInt8>(repeating: 0)
        if key.count <= Self.blockByteCount {
            for index in key.indices { block[index] = key[index] }
        } else {
            var state = SHA256_CTX()
            unsafe SHA256_Init(&state)
            Self.update(&state, key)
            let digest = Self.finalize(&state)
            for index in digest.indices { block[index] = digest[index] }
        }
        // SAFETY: both structs are initialised before the object exists.
        unsafe states = .allocate(capacity: 2)
        unsafe states.initialize(repeating: SHA256_CTX(), count: 2)
        unsafe Self.begin(&states[0], block, pad: 0x36)
        unsafe Self.begin(&states[1], block, pad: 0x5c)
        // SAFETY: the call writes the bytes of the array.
        unsafe OPENSSL_cleanse(&block, Self.blockByteCount)
    }

    deinit {
        // SAFETY: no reference is left, so no thread reads the states.
        unsafe OPENSSL_cleanse(states, 2 * MemoryLayout<SHA256_CTX>.stride)
        unsafe states.deallocate()
    }

    /// The code of a message. O(n), no allocation.
    public func code(for message: Span<UInt8>) -> InlineArray<32, UInt8> {
        // SAFETY: the states are copied; the object holds them meanwhile.
        var state = unsafe states[0]
        Self.update(&state, message)
        let inner = Self.finalize(&state)
        state = unsafe states[1]
        Self.update(&state, inner.span)
        return Self.finalize(&state)
    }

    /// Whether `code` is the code of the message. The time does not depend on where the two differ. O(n), no allocation.
    public func isValid(_ code: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard code.count == Self.byteCount else { return false }
        let expected = self.code(for: message)
        return unsafe code.withUnsafeBytes { code in
            unsafe expected.span.withUnsafeBytes { expected in
                // SAFETY: both have `byteCount` bytes.
                unsafe CRYPTO_memcmp(code.baseAddress, expected.baseAddress, Self.byteCount) == 0
            }
        }
    }

    // MARK: - SHA-256

    private static func begin(_ state: inout SHA256_CTX, _ block: InlineArray<64, UInt8>, pad: UInt8) {
        var padded = block
        for index in padded.indices { padded[index] ^= pad }
        // SAFETY: the calls write the structs that they are given.
        unsafe SHA256_Init(&state)
        update(&state, padded.span)
        unsafe OPENSSL_cleanse(&padded, blockByteCount)
    }

    private static func update(_ state: inout SHA256_CTX, _ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { buffer in
            // SAFETY: the call reads that many bytes, and keeps copies of those that fill no block.
            _ = unsafe SHA256_Update(&state, buffer.baseAddress, buffer.count)
        }
    }

    private static func finalize(_ state: inout SHA256_CTX) -> InlineArray<32, UInt8> {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var bytes = digest.mutableSpan
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: the call writes exactly `byteCount` bytes.
            _ = unsafe SHA256_Final(buffer.baseAddress, &state)
        }
        return digest
    }
}
