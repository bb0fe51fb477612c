import Testing

@testable import JSON

@Suite struct JSONMemberTests {
    /// What the text's members are, as `name=value`.
    private func members(_ text: String) throws(JSONError) -> [String] {
        let json = Array(text.utf8)
        let names = [JSONMember.Name("a"), JSONMember.Name("eight_88")]
        var found: [String] = []
        try JSONMember.forEach(of: json.span) { member throws(JSONError) in
            let known = member.index(among: names, in: json.span).map { ["a", "eight"][$0] } ?? "?"
            let value: String =
                if let text = member.text(in: json.span) {
                    "'\(text)'"
                } else if let number = member.number(in: json.span) {
                    "\(number)"
                } else if let texts = member.texts(in: json.span) {
                    "\(texts)"
                } else {
                    member.isNull ? "null" : member.isString ? "string" : member.isNumber ? "number" : "other"
                }
            found.append("\(known)=\(value)")
        }
        return found
    }

    static let good: [(text: String, members: [String])] = [
        ("{}", []),
        (#"{"a":"x","b":null,"a":true}"#, ["a='x'", "?=null", "a=other"]),
        (#"{"\u0061":"\u0078","eight_88":{"a":1},"nine_nine":false}"#, ["a='x'", "eight=other", "?=other"]),
        (#"{"a\u0000":1,"":2,"A":3}"#, ["?=1.0", "?=2.0", "?=3.0"]),
        (#"{"a":"\ud800","b":"\ud83d\ude00"}"#, ["a=string", "?='😀'"]),
        (
            #"{"a":0,"a":-1,"a":1.5,"a":1e3,"a":999999999999999,"a":9007199254740993}"#,
            ["a=0.0", "a=-1.0", "a=1.5", "a=1000.0", "a=999999999999999.0", "a=9007199254740992.0"]
        ),
        (#"{"a":1e999,"a":-1e999,"a":1e-999}"#, ["a=number", "a=number", "a=0.0"]),
        (#"{"a":[],"a":["x"],"a":[ "x" , "\u0079" ]}"#, ["a=[]", #"a=["x"]"#, #"a=["x", "y"]"#]),
        (#"{"a":[1],"a":["x",null],"a":[["x"]],"a":["\ud800"]}"#, ["a=other", "a=other", "a=other", "a=other"]),
    ]

    @Test(arguments: good.indices)
    func `members are read in their order`(index: Int) throws {
        #expect(try members(Self.good[index].text) == Self.good[index].members)
    }

    @Test(arguments: [
        "", "[]", "1", "null", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1}x"#, #"{"a":[}"#, #"{a:1}"#,
        #"{"a":01}"#,
        #"{"a":"\x"}"#,
    ])
    func `a text that is no object is malformed`(text: String) {
        #expect(throws: JSONError.malformed) { try members(text) }
    }

    @Test func `bytes that are not UTF-8 are malformed`() {
        let json = Array(#"{"a":""#.utf8) + [0xc0, 0x80] + Array(#""}"#.utf8)
        #expect(throws: JSONError.malformed) { try JSONMember.forEach(of: json.span) { _ in } }
    }
}
