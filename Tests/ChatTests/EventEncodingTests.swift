import JSON
import Primitives
import Testing

@testable import Chat

@Suite struct EventEncodingTests {
    private let message = Message(
        id: MessageID("m"), shopID: ShopID("s"), userID: UserID("u"), text: "t",
        createdAt: Timestamp(microsecondsSinceEpoch: 0))
    private let json =
        #"{"id":"m","shop_id":"s","user_id":"u","message":"t","created_at":"1970-01-01T00:00:00.000000Z","#
        + #""updated_at":null,"is_edited":false,"parent_id":null}"#

    private func payload(of event: ChatEvent, in encoding: EventEncoding) -> String? {
        EncodedEvent(event, format: MessageFormat()).payload(in: encoding).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - Events

    @Test func `a message is the same JSON in the answer, bare and in an envelope`() {
        for (event, type) in [
            (ChatEvent.messageCreated(message), "message.created"), (.messageEdited(message), "message.edited"),
        ] {
            #expect(EncodedEvent(event, format: MessageFormat()).data == Array(json.utf8))
            #expect(payload(of: event, in: .bare) == json)
            #expect(payload(of: event, in: .enveloped) == #"{"type":"\#(type)","data":\#(json)}"#)
        }
    }

    @Test func `a deletion has no bare form`() {
        let event = ChatEvent.messageDeleted(MessageID("m\""), in: ShopID("s"))
        #expect(payload(of: event, in: .bare) == nil)
        #expect(
            payload(of: event, in: .enveloped) == #"{"type":"message.deleted","data":{"id":"m\"","shop_id":"s"}}"#)
    }

    @Test func `a stream without a subprotocol gets bare messages`() {
        #expect(EventEncoding(subprotocol: nil) == .bare)
        for subprotocol in EventEncoding.subprotocols {
            #expect(EventEncoding(subprotocol: subprotocol) == .enveloped)
        }
        #expect(EventEncoding.bare.streamEncoding == .plain)
    }

    @Test func `every encoding has a log of its own in the hub`() {
        let encodings = Set(EventEncoding.allCases.map(\.streamEncoding))
        #expect(encodings.count == EventEncoding.allCases.count)
    }

    // MARK: - Messages

    @Test func `a message has the keys of the interface, in their order`() {
        let message = Message(
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

    @Test(arguments: [0, 1, 40, 700])
    func `a message is written whole when every byte of it is escaped`(count: Int) {
        func escapes(_ count: Int) -> String { String(repeating: "\u{1}\"", count: count) }
        let message = Message(
            id: MessageID(escapes(18)), shopID: ShopID(escapes(64)), userID: UserID(escapes(64)), text: escapes(count),
            createdAt: Timestamp(microsecondsSinceEpoch: 0), updatedAt: Timestamp(microsecondsSinceEpoch: 1),
            isEdited: true, parentID: MessageID(escapes(18)), username: escapes(count))
        var format = MessageFormat()
        format.includesUsername = true
        var expected = JSONWriter()
        for (key, value) in [
            ("{\"id\":", message.id.text), (",\"shop_id\":", message.shopID.text),
            (",\"user_id\":", message.userID.text), (",\"message\":", message.text),
        ] as [(StaticString, String)] {
            expected.raw(key)
            expected.string(value)
        }
        expected.raw(",\"created_at\":")
        expected.time(message.createdAt)
        expected.raw(",\"updated_at\":")
        expected.time(message.changedAt)
        expected.raw(",\"is_edited\":true,\"parent_id\":")
        expected.string(orNull: message.parentID?.text)
        expected.raw(",\"username\":")
        expected.string(orNull: message.username)
        expected.raw("}")
        var writer = JSONWriter()
        writer.message(message, format: format)
        #expect(writer.bytes == expected.bytes)
        // In pieces, as lists are.
        writer = JSONWriter()
        writer.messageBeforeText(message)
        #expect(writer.escaped(message.text, from: 0, byteCountMax: .max) == nil)
        writer.messageAfterText(message, format: format)
        #expect(writer.bytes == expected.bytes)
    }

    @Test func `a missing field of a message is null`() {
        let message = Message(
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
        var message = Message(
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
        message = Message(
            id: message.id, shopID: message.shopID, userID: message.userID, text: "t", createdAt: message.createdAt,
            updatedAt: Timestamp(microsecondsSinceEpoch: 1_000_000), isEdited: true, parentID: nil, username: nil)
        writer = JSONWriter()
        writer.message(message, format: format)
        #expect(String(decoding: writer.bytes, as: UTF8.self).contains(#""updated_at":"1970-01-01T00:00:01.000000Z""#))
    }
}
