import Chat
import JSON
import Primitives
import Storage
import Testing

@testable import API

/// Messages are written in pieces; all pieces together are the bytes that one writer would have written.
@Suite struct MessagesEncodingTests {
    private static let pieceByteCount = API.Limits.responsePieceByteCount

    /// The escapes of a text grow it by six at the most; a piece may go over its bound by what surrounds a text.
    private static let surroundingByteCountMax = 1_024

    private static let now = Timestamp(microsecondsSinceEpoch: 1_767_000_000_000_000)

    private static let texts: [(name: String, text: String)] = [
        ("short", "Hello team!"),
        ("worst escapes", String(repeating: "\u{1}", count: 16_384)),
        ("two-byte escapes", String(repeating: "\"\\\n", count: 5_461)),
        ("no escapes", String(repeating: "x", count: 16_384)),
        ("characters of several bytes", String(repeating: "é🙂\u{1}", count: 2_340)),
        ("one byte", "\u{1f}"),
    ]

    private static func message(_ number: Int, _ text: String) -> Chat.Message {
        Chat.Message(
            id: MessageID("m\(number)"), shopID: ShopID("s"), userID: UserID("u"), text: text,
            createdAt: Timestamp(microsecondsSinceEpoch: Int64(number)),
            parentID: number % 2 == 0 ? nil : MessageID("p\""))
    }

    private static func whole(_ messages: [Chat.Message]) -> [UInt8] {
        var writer = JSONWriter()
        for (index, message) in messages.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.message(message, format: MessageFormat())
        }
        return writer.bytes
    }

    /// The pieces of messages that come in slices, as a response takes them.
    private static func pieces(_ slices: [[Chat.Message]], byteCountMax: Int) -> [[UInt8]] {
        var encoding = MessagesEncoding(
            format: MessageFormat(), images: ImageLinks(publicURL: nil, prefixes: RoutePrefixes(), signer: nil))
        var slices = slices[...]
        var pieces: [[UInt8]] = []
        while true {
            var writer = JSONWriter()
            while writer.bytes.count < byteCountMax {
                if encoding.isEmpty {
                    guard let slice = slices.popFirst() else {
                        pieces.append(writer.bytes)
                        return pieces
                    }
                    encoding.take(slice)
                }
                encoding.write(to: &writer, byteCountMax: byteCountMax, at: now)
            }
            pieces.append(writer.bytes)
        }
    }

    @Test func `the pieces of every text join to the whole, and none is far over its bound`() {
        let messages = Self.texts.enumerated().map { Self.message($0.offset, $0.element.text) }
        let pieces = Self.pieces([messages, [], messages], byteCountMax: Self.pieceByteCount)
        #expect(Array(pieces.joined()) == Self.whole(messages + messages))
        for piece in pieces { #expect(piece.count < Self.pieceByteCount + Self.surroundingByteCountMax) }
        for piece in pieces.dropLast() { #expect(piece.count >= Self.pieceByteCount) }
    }

    @Test func `the longest encoding takes several pieces, and each continues where the last one ended`() {
        let message = Self.message(1, Self.texts[1].text)
        let pieces = Self.pieces([[message]], byteCountMax: Self.pieceByteCount)
        #expect(pieces.count == 4, "96 KiB of escapes, and what surrounds them")
        #expect(Array(pieces.joined()) == Self.whole([message]))
    }

    @Test(arguments: [1, 2, 7, 64, 997]) func `pieces of any size join to the same bytes`(byteCountMax: Int) {
        let messages = Self.texts.enumerated().map { Self.message($0.offset, String($0.element.text.prefix(300))) }
        let slices = messages.map { [$0] }
        #expect(Array(Self.pieces(slices, byteCountMax: byteCountMax).joined()) == Self.whole(messages))
    }
}
