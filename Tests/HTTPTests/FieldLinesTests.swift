import HTTPTypes
import Testing

@testable import HTTP

@Suite struct FieldLinesTests {
    private func text(_ lines: FieldLines) -> String { String(decoding: lines.bytes, as: UTF8.self) }

    @Test func `lines are in the order in which they were appended`() {
        var lines: FieldLines = [.retryAfter: "5", .allow: "GET, POST"]
        lines.append(HTTPField(name: .vary, value: "Origin"))
        lines.append([.vary: "Accept", .cacheControl: "no-store"] as FieldLines)
        #expect(
            text(lines)
                == "Retry-After: 5\r\nAllow: GET, POST\r\nVary: Origin\r\nVary: Accept\r\nCache-Control: no-store\r\n")
        #expect(lines == FieldLines(lines.fields))
    }

    @Test func `a value is found by its name, the first of several`() {
        let lines: FieldLines = [.retryAfter: "5", .vary: "Origin", .vary: "Accept", .location: "", .allow: "a: b"]
        #expect(lines[.vary] == "Origin" && lines[.location] == "" && lines[.allow] == "a: b")
        #expect(lines[.age] == nil && FieldLines()[.age] == nil)
    }

    @Test func `no lines are empty, also after an append of none`() {
        var lines = FieldLines()
        lines.append([:] as FieldLines)
        #expect(lines.isEmpty && lines == [:])
        lines.append([.allow: "GET"] as FieldLines)
        lines.append(FieldLines())
        #expect(!lines.isEmpty && lines == [.allow: "GET"])
    }

    @Test(arguments: [
        ("Content-Length", true, false), ("content-type", true, false), ("Transfer-Encoding", true, false),
        ("Date", true, false), ("Connection", false, true), ("Upgrade", false, false), ("Dated", false, false),
    ])
    func `a field that the writer writes itself is noticed, wherever it is appended`(
        name: String, isReserved: Bool, isConnection: Bool
    ) throws {
        let name = try #require(HTTPField.Name(name))
        let one: FieldLines = [name: "1"]
        var joined: FieldLines = [.allow: "GET"]
        joined.append(one)
        for lines in [one, joined] {
            #expect(lines.hasReservedField == isReserved && lines.hasConnection == isConnection)
        }
    }

    @Test func `a line break in a value becomes spaces`() {
        #expect(text([.location: "/a\r\nSet-Cookie: b"]) == "Location: /a  Set-Cookie: b\r\n")
    }
}

extension FieldLines {
    /// The fields of the lines.
    fileprivate var fields: HTTPFields {
        var fields = HTTPFields()
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") {
            if let field = try? FieldLine.parse(line.utf8.span) { fields.append(field) }
        }
        return fields
    }
}
