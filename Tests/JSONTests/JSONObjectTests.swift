import FoundationEssentials
import Testing

@testable import JSON

@Suite struct JSONObjectTests {
    private static let keys = [JSONObject.Key("shop_id"), JSONObject.Key("message")]

    private static func message(_ json: String) throws -> String? {
        try JSONObject.text(at: 1, of: Array(json.utf8), keys: keys)
    }

    @Test(arguments: [
        (#"{"message":"t"}"#, "t"), (#"{ "x" : {"message":"inner"} , "message" : "t" }"#, "t"),
        (#"{"message":1,"message":null,"message":"last"}"#, "last"),
        (#"{"m\u0065ssage":"escaped key"}"#, "escaped key"),
        (
            #"{"message":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\uD83D\uDE00"}"#,
            "\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{20ac}\u{1F600}"
        ),
        (#"{"message":"é"}"#, "é"), (#"{"message":"e\u0301"}"#, "e\u{301}"), (#"{"message":"a\u0000b"}"#, "a\0b"),
    ])
    func `a member's text comes through byte for byte, and the last of a key counts`(json: String, text: String) throws
    {
        #expect(Array(try #require(try Self.message(json)).utf8) == Array(text.utf8))
    }

    @Test(arguments: [
        "{}", #"{"message":null}"#, #"{"message":"t","message":null}"#, #"{"Message":"t","messages":"t","messag":"t"}"#,
        #"{"mess\u0000age":"t"}"#,
    ])
    func `a member that is missing or null has no text`(json: String) throws { #expect(try Self.message(json) == nil) }

    @Test(arguments: [
        #"{"message":1}"#, #"{"message":{}}"#, #"{"message":["t"]}"#, #"{"message":true}"#, #"{"message":"\ud800"}"#,
        #"{"message":"\udc00"}"#, #"{"message":"\ud800\u0041"}"#, #"{"message":"\ud800\ud800"}"#,
        #"{"message":"\ud83d"}"#,
        "[]", "null", #""message""#, #"{"message":"t"},"#, #"{"message":"t"}{}"#, #"{"message":"t",}"#,
    ])
    func `a member that is not a text is refused, and so is a value that is not an object`(json: String) {
        #expect(throws: JSONError.malformed) { try Self.message(json) }
    }

    @Test func `half of a surrogate pair in an unknown member is ignored`() throws {
        #expect(try Self.message(#"{"\ud800":"\udc00","message":"t"}"#) == "t")
    }

    @Test func `another decoder reads the same text`() throws {
        struct Payload: Decodable { let message: String }
        let pieces = [
            #"\n"#, #"\u00e9"#, "é", #"\ud83d\ude00"#, "😀", "a", " ", #"\""#, #"\\"#, #"\/"#, "\u{301}", #"\u0301"#,
        ]
        for first in pieces {
            for second in pieces {
                let json = #"{"x":[{}],"message":""# + first + second + #""}"#
                let other = try JSONDecoder().decode(Payload.self, from: Data(json.utf8)).message
                let own = try #require(try Self.message(json))
                #expect(Array(own.utf8) == Array(other.utf8), "\(json)")
            }
        }
    }
}

extension JSONObject {
    /// The text of one member.
    static func text(at index: Int = 0, of json: [UInt8], keys: [Key]) throws(JSONError) -> String? {
        var text: String?
        try read(json.span, keys: keys) { (object) throws(JSONError) in text = try object.text(at: index)?.text }
        return text
    }
}
