import Primitives
import Testing

@testable import JSON

/// Strings whose special bytes are in every place of the blocks in which they are read and written.
@Suite struct JSONStringTests {
    /// What a string contains beside plain characters, and the text that it represents; nil when it is refused.
    struct Piece: CustomTestStringConvertible {
        let json: [UInt8]
        let text: [UInt8]?

        var testDescription: String { "\(json)" }

        init(_ json: String, _ text: String?) {
            (self.json, self.text) = (Array(json.utf8), text.map { Array($0.utf8) })
        }
        init(refused json: [UInt8]) { (self.json, text) = (json, nil) }
    }

    private static func read(_ json: [UInt8]) -> [UInt8]? {
        do throws(JSONError) {
            return try JSONObject.text(of: json, keys: [JSONObject.Key("t")]).map { Array($0.utf8) }
        } catch {
            return nil
        }
    }

    @Test(arguments: [
        Piece("", ""), Piece(#"\n"#, "\n"), Piece(#"\""#, "\""), Piece(#"\\"#, "\\"), Piece(#"\u00e9"#, "é"),
        Piece(#"\ud83d\ude00"#, "😀"), Piece(#"\u0000"#, "\0"), Piece("é", "é"), Piece("€", "€"), Piece("😀", "😀"),
        Piece("éа😀", "éа😀"), Piece("\u{7f}/", "\u{7f}/"), Piece(#"\n\t\\"#, "\n\t\\"), Piece(#"é\né"#, "é\né"),
        Piece(refused: [0x00]), Piece(refused: [0x1F]), Piece(refused: [0x0A]), Piece(refused: [0x80]),
        Piece(refused: [0xC3]), Piece(refused: [0xE2, 0x82]), Piece(refused: [0xF0, 0x9F, 0x98]),
        Piece(refused: [0xED, 0xA0, 0x80]), Piece(refused: [0xC0, 0x80]), Piece(refused: [0xFF]),
        Piece(#"\x"#, nil), Piece(#"\u00g0"#, nil), Piece(#"\ud83d"#, nil), Piece(#"\ude00"#, nil),
    ])
    func `a string is read alike wherever its special bytes are`(piece: Piece) {
        for length in 0...40 {
            for place in 0...length {
                let (before, after) = (
                    [UInt8](repeating: UInt8(ascii: "a"), count: place),
                    [UInt8](repeating: UInt8(ascii: "z"), count: length - place)
                )
                let string = Array(#""t":""#.utf8) + before + piece.json + after + Array(#"""#.utf8)
                let text = piece.text.map { before + $0 + after }
                for end in ["}", #" , "unknown" : [ "0123456789" ] }"#] {
                    #expect(Self.read(Array("{".utf8) + string + Array(end.utf8)) == text, "\(place) of \(length)")
                }
            }
        }
    }

    @Test(arguments: [
        Piece("", ""), Piece(#"\n"#, "\n"), Piece(#"\r"#, "\r"), Piece(#"\t"#, "\t"), Piece(#"\""#, "\""),
        Piece(#"\\"#, "\\"), Piece(#"\u0000"#, "\0"), Piece(#"\u001f"#, "\u{1f}"), Piece(#"\u000b"#, "\u{b}"),
        Piece(" ", " "), Piece("\u{7f}", "\u{7f}"), Piece("é", "é"), Piece("€/😀", "€/😀"),
        Piece(#"\"\\\n"#, "\"\\\n"), Piece(#"\na\u0001"#, "\na\u{1}"),
    ])
    func `a string is written alike wherever its special bytes are`(piece: Piece) throws {
        let special = String(decoding: try #require(piece.text), as: UTF8.self)
        for length in 0...40 {
            for place in 0...length {
                let (before, after) = (
                    String(repeating: "a", count: place), String(repeating: "z", count: length - place)
                )
                var writer = JSONWriter()
                writer.string(before + special + after)
                #expect(
                    writer.bytes == Array("\"\(before)".utf8) + piece.json + Array("\(after)\"".utf8),
                    "\(place) of \(length)")
            }
        }
    }

    @Test func `a text of escapes alone grows the buffer as it needs`() {
        for count in [0, 1, 15, 16, 17, 1_000, 5_000] {
            var writer = JSONWriter()
            writer.raw("[")
            writer.string(String(repeating: "\u{1}", count: count))
            #expect(writer.bytes == Array(("[\"" + String(repeating: #"\u0001"#, count: count) + "\"").utf8))
        }
    }

    @Test func `of random bytes exactly those that are UTF-8 and no control characters are a string`() {
        let seed = UInt64.random(in: .min ... .max)
        print("JSON strings: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = ["a", "é", "€", "\u{FFFF}", "\u{D7FF}", "\u{10FFFF}", "\u{800}"].map { Array($0.utf8) }
        for round in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...24, using: &random) {
                bytes += pieces[Int.random(in: pieces.indices, using: &random)]
            }
            if !bytes.isEmpty, Bool.random(using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard !bytes.contains(UInt8(ascii: "\"")), !bytes.contains(UInt8(ascii: "\\")) else { continue }
            let isText = String(validating: bytes, as: UTF8.self) != nil && !bytes.contains { $0 < 0x20 }
            #expect(
                Self.read(Array(#"{"t":""#.utf8) + bytes + Array(#""}"#.utf8)) == (isText ? bytes : nil),
                "seed \(seed), round \(round): \(bytes)")
        }
    }

    @Test(arguments: ["shop_id", "message", "parent_id", "message_id", "0123456789abcdef", "k"] as [StaticString])
    func `a key is known by all its bytes`(key: StaticString) throws {
        let name = "\(key)"
        let escaped = name.utf8.map { "\\u00" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for spelling in [name, escaped] {
            let json = Array(#"{"\#(spelling)":"text"}"#.utf8)
            #expect(try JSONObject.text(of: json, keys: [JSONObject.Key(key)]) == "text")
        }
        for other in [name + "x", String(name.dropLast()), name.dropLast() + "X", name + "0123456789abcdef", ""] {
            let json = Array(#"{"\#(other)":"text"}"#.utf8)
            #expect(try JSONObject.text(of: json, keys: [JSONObject.Key(key)]) == nil)
        }
    }
}
