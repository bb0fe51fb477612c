import Primitives
import Testing

@testable import Auth

@Suite struct Base64URLTests {
    static let vectors: [(bytes: [UInt8], text: String)] = [
        ([], ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
        (Array("foob".utf8), "Zm9vYg"), ([0xfb, 0xff, 0xbf], "-_-_"), ([0, 0, 0, 0], "AAAAAA"),
    ]

    @Test(arguments: vectors.indices)
    func `bytes and text convert both ways`(index: Int) {
        let (bytes, text) = Self.vectors[index]
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: ["Z", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm 8", "+/+/", "Zm9v\n", "Zm9é"])
    func `another spelling of a value is refused`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func `every length round-trips`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes, "seed \(seed), count \(count)")
        }
    }
}
