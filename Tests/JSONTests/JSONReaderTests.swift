import Primitives
import Testing

@testable import JSON

@Suite struct JSONReaderTests {
    private static func fault(_ json: [UInt8]) -> JSONError? {
        do throws(JSONError) {
            try JSONReader.validate(json.span)
            return nil
        } catch {
            return error
        }
    }

    private static func fault(_ json: String) -> JSONError? { fault(Array(json.utf8)) }

    @Test(arguments: [
        "{}", "[]", " \t\r\n0 ", #""""#, "true", "-0.0e+10", #"{"a":[1,{"b":[]},"c"],"d":{}}"#, #"["\ud83d\ude00\/"]"#,
    ])
    func `values of every kind are accepted`(json: String) { #expect(Self.fault(json) == nil) }

    @Test(arguments: [
        "", " ", "{", "[", "}", "]", "[}", "{]", "[1,]", #"{"a":1,}"#, "[,1]", "[1 2]", #"{"a" 1}"#, #"{"a":}"#,
        "{a:1}",
        "{'a':1}", #"{1:2}"#, "01", "+1", "-", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "nul", "True",
        "[1]/**/", "1 2", #""a"#, #""\x""#, #""\u12g4""#, #""\u12"#, "\"\t\"", "\u{FEFF}{}", "[1]\u{A0}",
    ])
    func `a text outside the grammar is refused`(json: String) { #expect(Self.fault(json) == .malformed) }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func `strings that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(Self.fault([UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]) == .malformed)
    }

    @Test func `nesting is bounded, and deep texts cost no stack`() {
        let depth = JSONReader.depthMax
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        #expect(Self.fault(nested(depth)) == nil)
        #expect(Self.fault(nested(depth + 1)) == .tooDeep)
        #expect(Self.fault(String(repeating: "[", count: 1_000_000)) == .tooDeep)
        #expect(Self.fault(String(repeating: #"{"":"#, count: 100_000)) == .tooDeep)
        // Closed arrays do not count.
        let wide = Array(repeating: nested(depth - 1), count: 3).joined(separator: ",")
        #expect(Self.fault("[\(wide)]") == nil)
    }

    @Test func `every incomplete text is refused`() {
        let json = Array(#"{"a":[1.5e3,"\u00e9\ud83d\ude00é",null,{"b":{}}],"c":false}"#.utf8)
        for count in json.indices { #expect(Self.fault(Array(json[..<count])) == .malformed, "\(count) bytes") }
        #expect(Self.fault(json) == nil)
    }

    @Test func `mutated texts end in an answer, and both readers accept the same objects`() {
        let seed = UInt64.random(in: .min ... .max)
        print("JSON mutations: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let text = Array(#"{"shop_id":"s","x":[{"y":-1.5e3},true,"\u00e9\ud83d\ude00"],"message":"é\n"}"#.utf8)
        let alphabet = Array(#"{}[]",:\u0e+-. "#.utf8) + [0, 0x0A, 0x80, 0xC3, 0xED, 0xFF]
        for round in 0..<20_000 {
            var json = text
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let index = Int.random(in: json.indices, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: json[index] = alphabet[Int.random(in: alphabet.indices, using: &random)]
                case 1: json.remove(at: index)
                default: json.insert(alphabet[Int.random(in: alphabet.indices, using: &random)], at: index)
                }
            }
            let isObject = (try? JSONObject.read(json.span, keys: [JSONObject.Key("message")]) { _ in }) != nil
            let isAccepted = Self.fault(json) == nil && json.first { $0 > 0x20 } == UInt8(ascii: "{")
            #expect(isObject == isAccepted, "seed \(seed), round \(round): \(json)")
        }
    }
}
