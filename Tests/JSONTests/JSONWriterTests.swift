import FoundationEssentials
import Primitives
import Testing

@testable import JSON

@Suite struct JSONWriterTests {
    private static func string(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("a\"b", #""a\"b""#), ("a\\b", #""a\\b""#),
        ("line\nfeed\rtab\t", #""line\nfeed\rtab\t""#), ("\u{0}\u{1}\u{1f}", #""\u0000\u0001\u001f""#),
        ("\u{7f}/é🙂", "\"\u{7f}/é🙂\""),
    ])
    func `a string is escaped where JSON demands it and nowhere else`(text: String, json: String) {
        #expect(Self.string(text).utf8.elementsEqual(json.utf8))
    }

    @Test func `every scalar below 0x800 comes back from a JSON decoder`() throws {
        var text = ""
        for value in 0..<0x800 as Range<UInt32> {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        let decoded = try JSONDecoder().decode([String].self, from: Data("[\(Self.string(text))]".utf8))
        #expect(decoded.first.map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test func `numbers, booleans, nulls and times are written as JSON has them`() {
        var writer = JSONWriter()
        writer.number(-12)
        writer.raw(",")
        writer.boolean(true)
        writer.raw(",")
        writer.boolean(false)
        writer.raw(",")
        writer.string(orNull: nil)
        writer.raw(",")
        writer.time(Timestamp(microsecondsSinceEpoch: 1))
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"-12,true,false,null,"1970-01-01T00:00:00.000001Z""#)
    }
}
