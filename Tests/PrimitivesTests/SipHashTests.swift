import Testing

@testable import Primitives

/// The bytes of hexadecimal text.
private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

// `#expect` takes no spans.
extension SipHash {
    fileprivate func tag(_ input: [UInt8]) -> Tag { tag(of: input.span) }

    fileprivate func hash(_ input: [UInt8]) -> UInt64 { hash(of: input.span) }
}

@Suite struct SipHashTests {
    private static let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    private func text(_ tag: SipHash.Tag) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: tag.low >> (8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: tag.high >> (8 * $0)) }
    }

    /// The tags of the first bytes of 00 01 02 …, by their count: up to 63 the table of the reference implementation,
    /// then those of `openssl mac SIPHASH`.
    static let vectors: [(count: Int, tag: String)] = [
        (0, "a3817f04ba25a8e66df67214c7550293"),
        (1, "da87c1d86b99af44347659119b22fc45"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
        (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
        (16, "6ee2a4ca67b054bbfd3315bf85230577"),
        (63, "5150d1772f50834a503e069a973fbd7c"),
        (64, "1eaf077dc0d4cd3f8cad4d383658a74b"),
        (255, "1c9bb67528165f8e468248e3799b0eab"),
    ]

    @Test(arguments: vectors.indices)
    func `an input has the published tag`(index: Int) {
        let (count, tag) = Self.vectors[index]
        let input = (0..<count).map { UInt8($0) }
        #expect(text(SipHash(key: Self.key).tag(input)) == bytes(tag))
    }

    /// The hashes of the same inputs, of `openssl mac SIPHASH` with one round for each word and three at the end.
    static let hashes: [(count: Int, hash: String)] = [
        (0, "dcc40f055801acab"),
        (1, "93ca577df39bf4c9"),
        (7, "4011b19b987d92d3"),
        (8, "8e9a298d11959036"),
        (15, "5699512a6dd820d3"),
        (36, "0662a2add308f52c"),
        (63, "a8b3bbb76290199d"),
        (255, "154a3c15e31462f7"),
    ]

    @Test(arguments: hashes.indices)
    func `an input has the hash of the other implementation`(index: Int) {
        let (count, hash) = Self.hashes[index]
        let input = (0..<count).map { UInt8($0) }
        #expect(SipHash(key: Self.key).hash(input) == UInt64(hash, radix: 16)?.byteSwapped)
    }

    @Test func `inputs that differ in one bit, or in their length, have different tags`() {
        let hash = SipHash.random()
        var tags: Set<SipHash.Tag> = []
        for count in 0..<40 {
            var input = [UInt8](repeating: 0, count: count)
            tags.insert(hash.tag(of: input.span))
            for bit in 0..<8 * count {
                input[bit / 8] ^= 1 << UInt8(bit % 8)
                tags.insert(hash.tag(of: input.span))
                input[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
        #expect(tags.count == 40 + 8 * (0..<40).reduce(0, +))
    }

    @Test func `each random function has a key of its own`() {
        let input: [UInt8] = [1, 2, 3]
        #expect(SipHash.random().tag(input) != SipHash.random().tag(input))
    }
}
