import FoundationEssentials
import Primitives
import Storage
import Testing

@testable import Server

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

    @Test func `numbers, booleans, nulls and times stand as JSON has them`() {
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

    @Test func `a message has the keys of the interface, in their order`() {
        let message = Storage.Message(
            id: MessageID("m"), shopID: ShopID("s"), userID: UserID("u"), text: "Hello \"team\"",
            createdAt: Timestamp(microsecondsSinceEpoch: 0), updatedAt: Timestamp(microsecondsSinceEpoch: 1_000_000),
            isEdited: true, parentID: MessageID("p"), username: "Ann")
        let common =
            #"{"id":"m","shop_id":"s","user_id":"u","message":"Hello \"team\"","#
            + #""created_at":"1970-01-01T00:00:00.000000Z","updated_at":"1970-01-01T00:00:01.000000Z","#
            + #""is_edited":true,"parent_id":"p""#
        for (includesUsername, end) in [(false, "}"), (true, #","username":"Ann"}"#)] {
            var writer = JSONWriter()
            var format = MessageFormat()
            format.includesUsername = includesUsername
            writer.message(message, format: format)
            #expect(String(decoding: writer.bytes, as: UTF8.self) == common + end)
        }
    }

    @Test func `what a message does not have is null`() {
        let message = Storage.Message(
            id: MessageID("m"), shopID: ShopID("s"), userID: UserID("u"), text: "t",
            createdAt: Timestamp(microsecondsSinceEpoch: 0), updatedAt: nil, isEdited: false, parentID: nil,
            username: nil)
        var writer = JSONWriter()
        var format = MessageFormat()
        format.includesUsername = true
        writer.message(message, format: format)
        let json = String(decoding: writer.bytes, as: UTF8.self)
        #expect(json.hasSuffix(#""updated_at":null,"is_edited":false,"parent_id":null,"username":null}"#))
    }

    @Test func `the author's key and the time of a message that was never edited are the deployment's`() {
        var message = Storage.Message(
            id: MessageID("m"), shopID: ShopID("s"), userID: UserID("u"), text: "t",
            createdAt: Timestamp(microsecondsSinceEpoch: 0), updatedAt: nil, isEdited: false, parentID: nil,
            username: "Ann")
        var format = MessageFormat()
        format.includesUsername = true
        format.authorKey = .authorUsername
        format.updatedAtOnCreate = .created
        var writer = JSONWriter()
        writer.message(message, format: format)
        let created = String(decoding: writer.bytes, as: UTF8.self)
        #expect(created.contains(#""updated_at":"1970-01-01T00:00:00.000000Z""#))
        #expect(created.hasSuffix(#","author_username":"Ann"}"#) && !created.contains(#""username""#))
        message = Storage.Message(
            id: message.id, shopID: message.shopID, userID: message.userID, text: "t", createdAt: message.createdAt,
            updatedAt: Timestamp(microsecondsSinceEpoch: 1_000_000), isEdited: true, parentID: nil, username: nil)
        writer = JSONWriter()
        writer.message(message, format: format)
        #expect(String(decoding: writer.bytes, as: UTF8.self).contains(#""updated_at":"1970-01-01T00:00:01.000000Z""#))
    }
}
