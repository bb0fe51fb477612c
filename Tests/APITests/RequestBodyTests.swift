import Primitives
import Testing

@testable import API

@Suite struct CreateMessageBodyTests {
    private static func read(_ json: String, textByteCountMax: Int = 20) throws -> CreateMessageBody {
        try CreateMessageBody(json: Array(json.utf8), textByteCountMax: textByteCountMax)
    }

    private static func code(_ json: [UInt8]) -> String? {
        do throws(APIError) {
            _ = try CreateMessageBody(json: json, textByteCountMax: 20)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `shop, text and parent are read unchanged, other keys are ignored`() throws {
        let body = try Self.read(#"{"x":[1],"parent_id":"p","message":" e\u0301 ","shop_id":"s","user_id":"me"}"#)
        #expect(body.shopID == ShopID("s"))
        #expect(Array(body.text.utf8) == Array(" e\u{301} ".utf8))
        #expect(body.parentID == MessageID("p"))
    }

    @Test(arguments: [#"{"shop_id":"s","message":"t"}"#, #"{"shop_id":"s","message":"t","parent_id":null}"#])
    func `a message needs no parent`(json: String) throws {
        #expect(try Self.read(json).parentID == nil)
    }

    @Test(arguments: [
        ("", "malformed_body"), ("{", "malformed_body"), ("[]", "malformed_body"), ("null", "malformed_body"),
        (#"{"shop_id":"s"}"#, "malformed_body"), (#"{"message":"t"}"#, "malformed_body"),
        (#"{"shop_id":1,"message":"t"}"#, "malformed_body"), (#"{"shop_id":"s","message":null}"#, "malformed_body"),
        (#"{"shop_id":"s","message":"t","parent_id":7}"#, "malformed_body"),
        (#"{"shop_id":"s","message":"\ud800"}"#, "malformed_body"),
        (#"{"shop_id":"s","message":"a\u0000b"}"#, "malformed_body"),
        (#"{"shop_id":"s","message":"t",}"#, "malformed_body"),
        (#"{"shop_id":"s","message":"t","n":01}"#, "malformed_body"),
        ("\u{FEFF}" + #"{"shop_id":"s","message":"t"}"#, "malformed_body"),
        (#"{"shop_id":"s","message":"t","parent_id":"a\u0000"}"#, "bad_parent"),
        (#"{"shop_id":"","message":"t"}"#, "missing_field"), (#"{"shop_id":"a\u0000","message":"t"}"#, "missing_field"),
        (#"{"shop_id":"s","message":""}"#, "message_empty"),
        (#"{"shop_id":"s","message":" \n\t\u2003"}"#, "message_empty"),
        (#"{"shop_id":"s","message":"123456789012345678901"}"#, "message_too_long"),
        (#"{"shop_id":"s","message":"éééééééééé1"}"#, "message_too_long"),
    ])
    func `a body that cannot be a message is refused with its reason`(json: String, code: String) {
        #expect(Self.code(Array(json.utf8)) == code)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(Self.code(Array(#"{"shop_id":"s","message":""#.utf8) + [0xff] + Array(#""}"#.utf8)) == "malformed_body")
    }

    @Test func `the limit counts the text that is stored`() throws {
        let json = Array(#"{"shop_id":"s","message":"123456789012345678901"}"#.utf8)
        let body = try CreateMessageBody(json: json, textByteCountMax: 20) { String($0.dropLast()) }
        #expect(body.text == "12345678901234567890")
        let edit = Array(#"{"message_id":"m","message":"123456789012345678901"}"#.utf8)
        #expect(
            try EditMessageBody(json: edit, textByteCountMax: 20) { String($0.dropLast()) }.text
                == "12345678901234567890")
        #expect(throws: APIError.self) {
            try CreateMessageBody(json: json, textByteCountMax: 20) { $0 + "?" }
        }
    }

    @Test func `the limit counts bytes of UTF-8 and includes its last`() throws {
        #expect(try Self.read(#"{"shop_id":"s","message":"éééééééééé"}"#).text.utf8.count == 20)
        #expect(try Self.read(#"{"shop_id":"s","message":"\u00e9"}"#, textByteCountMax: 2).text.utf8.count == 2)
    }
}
