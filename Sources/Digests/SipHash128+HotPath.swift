/// SipHash-2-4 with a tag of 128 bits: a pseudorandom function with a key of 128 bits, for inputs of some hundred
/// bytes.
///
/// Without the key, no client can find two inputs with one tag, or the tag of an input: each attempt succeeds with a
/// probability of 2⁻¹²⁸. So the key must be random and secret, and tags must not leave the process. It costs a tenth of
/// the instructions of SHA-256 where the processor has none for SHA-256. A value; any thread.
public struct SipHash128: Sendable {
    /// A tag.
    public struct Tag: Hashable, Sendable {
        /// The first eight bytes, read as little-endian; as random as any others.
        public let low: UInt64
        /// The other eight bytes.
        public let high: UInt64
    }

    private let key0: UInt64
    private let key1: UInt64

    /// Creates the function with the two halves of a key, each read as little-endian.
    public init(key: (UInt64, UInt64)) {
        (key0, key1) = key
    }

    /// The function with a key of the system's random source.
    public static func random() -> SipHash128 {
        var source = SystemRandomNumberGenerator()
        return SipHash128(key: (source.next(), source.next()))
    }

    /// The tag of an input. O(n), no allocation.
    public func tag(of bytes: Span<UInt8>) -> Tag {
        var state = State(
            v0: key0 ^ 0x736f_6d65_7073_6575, v1: key1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            v2: key0 ^ 0x6c79_6765_6e65_7261, v3: key1 ^ 0x7465_6462_7974_6573)
        let wordsEnd = bytes.count & ~7
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < wordsEnd {
                // SAFETY: `offset + 8 <= wordsEnd <= bytes.count`.
                let word = unsafe buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                state.absorb(UInt64(littleEndian: word))
                offset += 8
            }
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        var shift: UInt64 = 0
        for index in wordsEnd..<bytes.count {
            last |= UInt64(bytes[index]) &<< shift
            shift += 8
        }
        state.absorb(last)
        state.v2 ^= 0xee
        let low = state.finalRounds()
        state.v1 ^= 0xdd
        return Tag(low: low, high: state.finalRounds())
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        @inline(__always)
        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finalRounds() -> UInt64 {
            round()
            round()
            round()
            round()
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private mutating func round() {
            v0 &+= v1
            v1 = (v1 &<< 13 | v1 &>> 51) ^ v0
            v0 = v0 &<< 32 | v0 &>> 32
            v2 &+= v3
            v3 = (v3 &<< 16 | v3 &>> 48) ^ v2
            v0 &+= v3
            v3 = (v3 &<< 21 | v3 &>> 43) ^ v0
            v2 &+= v1
            v1 = (v1 &<< 17 | v1 &>> 47) ^ v2
            v2 = v2 &<< 32 | v2 &>> 32
        }
    }
}
