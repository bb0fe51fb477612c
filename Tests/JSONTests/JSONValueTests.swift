import Testing

@testable import JSON

@Suite struct JSONValueTests {
    private func read(_ text: String) throws(JSONError) -> JSONValue { try JSONValue(Array(text.utf8).span) }

    @Test func `each kind of value is read`() throws {
        let value = try read(#" {"a":[1,-2.5e1,[],{}],"b":"x\u00e9\n","c":true,"d":false,"e":null} "#)
        #expect(value["a"]?.asArray == [.number(1), .number(-25), .array([]), .object([:])])
        #expect(value["b"]?.asText == "xé\n")
        #expect(value["c"]?.asBoolean == true && value["d"]?.asBoolean == false)
        #expect(value["e"] == .null && value["f"] == nil)
    }

    @Test func `a value of another kind is nil`() throws {
        let value = try read("[1]")
        #expect(value["a"] == nil && value.asNumber == nil && value.asText == nil && value.asBoolean == nil)
        #expect(try read("1").asArray == nil)
    }

    @Test func `the last of two members with a key counts, however the key is written`() throws {
        #expect(try read(#"{"a":1,"\u0061":2}"#) == .object(["a": .number(2)]))
    }

    @Test(arguments: [
        "", "{", "[1", "[1,]", "[,1]", "[1}", "{\"a\":1]", "{\"a\":1,}", "{\"a\"}", "nul", "01", "1e999", "\"\\ud800\"",
        "{} x", "{\"\\udc00\":1}",
    ])
    func `a text that is no JSON, or that no value can have, is malformed`(text: String) {
        #expect(throws: JSONError.malformed) { try read(text) }
    }

    @Test func `the depth is bounded`() throws {
        let depth = JSONReader.depthMax
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try read(nested(depth))
        #expect(throws: JSONError.tooDeep) { try read(nested(depth + 1)) }
    }
}
