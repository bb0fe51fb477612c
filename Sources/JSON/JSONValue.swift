internal import Primitives

/// A JSON text as a tree: for tools that read a document now and then. The bodies of requests are read by `JSONObject`.
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads one text. When a key occurs twice, the last member counts. Half of a surrogate pair, and a number that a
    /// `Double` cannot represent, are malformed. O(n); allocates.
    package init(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader()
        self = try Self.value(json, &reader)
        try reader.finish(json)
    }

    /// The reader bounds the depth of the recursion.
    private static func value(_ json: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) -> JSONValue {
        let first = reader.nextByte(json)
        switch first {
        case UInt8(ascii: "{"): return .object(try members(json, &reader))
        case UInt8(ascii: "["): return .array(try elements(json, &reader))
        case UInt8(ascii: "\""): return .text(try text(of: reader.string(json), json))
        default: break
        }
        let start = reader.index
        try reader.skipValue(json)
        switch first {
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"): return .boolean(true)
        case UInt8(ascii: "f"): return .boolean(false)
        default: return .number(try number(json.extracting(start..<reader.index)))
        }
    }

    private static func members(
        _ json: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        var follows = try reader.openObject(json)
        while follows {
            let key = try text(of: reader.key(json), json)
            members[key] = try value(json, &reader)
            follows = try reader.continueObject(json)
        }
        return members
    }

    private static func elements(_ json: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        var follows = try reader.openArray(json)
        while follows {
            elements.append(try value(json, &reader))
            follows = try reader.continueArray(json)
        }
        return elements
    }

    private static func text(of raw: JSONReader.RawString, _ json: Span<UInt8>) throws(JSONError) -> String {
        guard let text = JSONText.text(of: raw, in: json) else { throw .malformed }
        return text
    }

    private static func number(_ digits: Span<UInt8>) throws(JSONError) -> Double {
        guard let utf8 = try? UTF8Span(validating: digits), let number = Double(String(copying: utf8)),
            number.isFinite
        else { throw .malformed }
        return number
    }

    // MARK: - What a reader expects

    /// The value of a member; nil when there is none, and for other values than objects.
    package subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The number; nil for other values.
    package var asNumber: Double? {
        if case .number(let number) = self { number } else { nil }
    }

    /// The text; nil for other values.
    package var asText: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The boolean; nil for other values.
    package var asBoolean: Bool? {
        if case .boolean(let boolean) = self { boolean } else { nil }
    }

    /// The elements of an array; nil for other values.
    package var asArray: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
