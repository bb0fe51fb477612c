import Testing

@testable import Digests

/// The bytes of hexadecimal text; spaces are skipped.
private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

private func bytes<let count: Int>(_ array: InlineArray<count, UInt8>) -> [UInt8] { array.indices.map { array[$0] } }

// `#expect` takes no spans.
extension HMACSHA256 {
    fileprivate convenience init(_ key: [UInt8]) { self.init(key: key.span) }

    fileprivate func code(_ message: [UInt8]) -> [UInt8] { bytes(code(for: message.span)) }

    fileprivate func isValid(_ code: [UInt8], _ message: [UInt8]) -> Bool { isValid(code.span, for: message.span) }
}

@Suite struct SHA1Tests {
    /// FIPS 180-4's examples.
    static let vectors: [(text: String, digest: String)] = [
        ("", "da39a3ee 5e6b4b0d 3255bfef 95601890 afd80709"),
        ("abc", "a9993e36 4706816a ba3e2571 7850c26c 9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e44 1c3bd26e baae4aa1 f95129e5 e54670f1"
        ),
    ]

    @Test(arguments: vectors.indices)
    func `a text has the published digest, however it is split`(index: Int) {
        let (text, digest) = Self.vectors[index]
        let all = Array(text.utf8)
        for split in 0...all.count {
            var hash = SHA1()
            hash.update(all.span.extracting(..<split))
            hash.update(all.span.extracting(split...))
            #expect(bytes(hash.finalized()) == bytes(digest))
        }
    }

    @Test func `a digest on the way does not end the hash`() {
        var hash = SHA1()
        hash.update(Array("a".utf8).span)
        let first = bytes(hash.finalized())
        #expect(bytes(hash.finalized()) == first)
        hash.update(Array("bc".utf8).span)
        #expect(bytes(hash.finalized()) == bytes(Self.vectors[1].digest))
    }
}

@Suite struct HMACSHA256Tests {
    /// RFC 4231, section 4.
    static let vectors: [(key: [UInt8], message: [UInt8], code: String)] = [
        (
            .init(repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            .init(repeating: 0xaa, count: 20), .init(repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            .init(repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            .init(repeating: 0xaa, count: 131),
            Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    @Test(arguments: vectors.indices)
    func `a message has the published code, each time`(index: Int) {
        let (key, message, code) = Self.vectors[index]
        let authenticator = HMACSHA256(key)
        for _ in 0..<2 { #expect(authenticator.code(message) == bytes(code)) }
        #expect(authenticator.isValid(bytes(code), message))
    }

    @Test func `a code with any bit changed, or of another length, is not valid`() {
        let (key, message, code) = Self.vectors[1]
        let authenticator = HMACSHA256(key)
        let right = bytes(code)
        for bit in 0..<256 {
            var wrong = right
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!authenticator.isValid(wrong, message))
        }
        for wrong in [[], right.dropLast(), right + [0]] as [[UInt8]] {
            #expect(!authenticator.isValid(wrong, message))
        }
    }

    @Test func `message and key may be empty`() {
        let none: [UInt8] = []
        #expect(
            HMACSHA256(none).code(none)
                == bytes("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"))
    }
}
