/// SipHash: pseudorandom functions with a key of 128 bits, for inputs of some hundred bytes.
///
/// Without the key, no client can find two inputs with one tag, or the tag of an input: each attempt succeeds with a
/// probability of 2⁻¹²⁸. So the key must be random and secret, and tags must not leave the process. It costs a tenth of
/// the instructions of SHA-256 where the processor has none for SHA-256, and half of those of the standard library's
/// hasher. A value; any thread.
public struct SipHash: Sendable {
    /// A tag.
    public struct Tag: Hashable, Sendable {
        /// The first eight bytes, read as little-endian; as random as any others.
        public let low: UInt64
        /// The other eight bytes.
        public let high: UInt64
    }

    private let key0: UInt64
    private let key1: UInt64

    /// Creates the functions with the two halves of a key, each read as little-endian.
    public init(key: (UInt64, UInt64)) {
        (key0, key1) = key
    }

    /// The functions with a key of the system's random source.
    public static func random() -> SipHash {
        var source = SystemRandomNumberGenerator()
        return SipHash(key: (source.next(), source.next()))
    }

    /// The functions with this process's own key, which is that of the standard library's hash tables, hashed: random,
    /// unless the environment makes those repeatable.
    static let ofProcess: SipHash = {
        let halves = [0, 1].map { (half: UInt8) in
            var hasher = Hasher()
            hasher.combine(half)
            return UInt64(bitPattern: Int64(hasher.finalize()))
        }
        return SipHash(key: (halves[0], halves[1]))
    }()

    /// The tag of an input (SipHash-2-4 of 128 bits). O(n), no allocation.
    public func tag(of bytes: Span<UInt8>) -> Tag {
        var state = State(key0, key1)
        state.v1 ^= 0xee
        Self.forEachWord(of: bytes) { word in
            state.v3 ^= word
            state.round()
            state.round()
            state.v0 ^= word
        }
        state.v2 ^= 0xee
        for _ in 0..<4 { state.round() }
        let low = state.result
        state.v1 ^= 0xdd
        for _ in 0..<4 { state.round() }
        return Tag(low: low, high: state.result)
    }

    /// The hash of an input for a hash table (SipHash-1-3). O(n), no allocation.
    public func hash(of bytes: Span<UInt8>) -> UInt64 {
        var state = State(key0, key1)
        Self.forEachWord(of: bytes) { word in
            state.v3 ^= word
            state.round()
            state.v0 ^= word
        }
        state.v2 ^= 0xff
        for _ in 0..<3 { state.round() }
        return state.result
    }

    /// Calls `absorb` with the words of an input. The last one ends with its length.
    @inline(__always)
    private static func forEachWord(of bytes: Span<UInt8>, _ absorb: (UInt64) -> Void) {
        let wordsEnd = bytes.count & ~7
        var offset = 0
        while offset < wordsEnd {
            // SAFETY: `offset + 8 <= wordsEnd <= bytes.count`.
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
            absorb(UInt64(littleEndian: word))
            offset &+= 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        let restByteCount = bytes.count &- offset
        if offset > 0 {
            guard restByteCount > 0 else { return absorb(last) }
            // SAFETY: the input has at least eight bytes. Of its last eight, those before the rest are shifted out.
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: bytes.count &- 8, as: UInt64.self)
            last |= UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: 64 &- 8 &* restByteCount)
        } else {
            for index in 0..<restByteCount { last |= UInt64(bytes[index]) &<< UInt64(truncatingIfNeeded: 8 &* index) }
        }
        absorb(last)
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        @inline(__always)
        init(_ key0: UInt64, _ key1: UInt64) {
            v0 = key0 ^ 0x736f_6d65_7073_6575
            v1 = key1 ^ 0x646f_7261_6e64_6f6d
            v2 = key0 ^ 0x6c79_6765_6e65_7261
            v3 = key1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        var result: UInt64 { v0 ^ v1 ^ v2 ^ v3 }

        @inline(__always)
        mutating func round() {
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
