import Auth
import Chat
import JSON
import Primitives
import Storage
import Testing

@testable import API

/// Texts whose images are signed while they are written.
@Suite struct SignedMessagesEncodingTests {
    private static let path = "/api/v1/shops/bakery/messages/image/6f9619ff-8b86-4011-b42d-00cf4fc964ff.png"
    private let now = Timestamp(microsecondsSinceEpoch: 1_767_000_000_000_000)
    private let links = ImageLinks(
        publicURL: "https://chat.example", prefixes: RoutePrefixes(),
        signer: LinkSigner(key: [UInt8](repeating: 7, count: 32)))

    private func message(_ number: Int, _ text: String) -> Chat.Message {
        Chat.Message(
            id: MessageID("m\(number)"), shopID: ShopID("bakery"), userID: UserID("ada"), text: text, createdAt: now,
            updatedAt: nil, isEdited: false, parentID: nil, username: nil)
    }

    @Test(arguments: [1, 7, 64, 1_000, 1 << 20])
    func `texts with signed images are written in bounded pieces`(pieceByteCount: Int) {
        let texts = ["plain", String(repeating: "\u{1}[IMAGE:\(Self.path)]", count: 100), "", "[IMAGE:\(Self.path)]"]
        let messages = texts.enumerated().map { message($0.offset, $0.element) }
        var expected = JSONWriter()
        for (index, message) in messages.enumerated() {
            if index > 0 { expected.raw(",") }
            var shown = message
            shown.text = links.shown(message.text, in: message.shopID, at: now)
            expected.message(shown, format: MessageFormat())
        }
        var encoding = MessagesEncoding(format: MessageFormat(), images: links)
        encoding.take(messages)
        var bytes: [UInt8] = []
        while !encoding.isEmpty {
            var writer = JSONWriter()
            encoding.write(to: &writer, byteCountMax: pieceByteCount, at: now)
            #expect(!writer.bytes.isEmpty)
            // Beyond the limit comes at most what surrounds a text.
            #expect(writer.bytes.count <= pieceByteCount + 512)
            bytes += writer.bytes
        }
        #expect(bytes == expected.bytes)
    }
}
