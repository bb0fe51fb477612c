/// The members of a JSON object that a route knows. Other members are checked and skipped. When a key occurs twice, the
/// last member counts.
package struct JSONObject {
    /// A key, as UTF-8.
    package struct Key: Sendable {
        package let name: String
        fileprivate let bytes: [UInt8]

        package init(_ name: String) {
            self.name = name
            bytes = Array(name.utf8)
        }
    }

    private enum Value {
        case absent
        case null
        case string(JSONReader.RawString)
        case other
    }

    private let json: [UInt8]
    private let keys: [Key]
    private var values: [Value]

    /// Parses one text that is an object. O(n).
    package init(_ json: [UInt8], keys: [Key]) throws(JSONError) {
        self.json = json
        self.keys = keys
        values = Array(repeating: .absent, count: keys.count)
        let span = json.span
        try JSONReader.requireUTF8(span)
        var reader = JSONReader()
        var next = try reader.beginObject(span)
        while let key = next {
            let known = keys.firstIndex { JSONText.equals(key, in: span, $0.bytes) }
            let value = try Self.value(span, &reader, isKept: known != nil)
            if let known { values[known] = value }
            next = try reader.nextKey(span)
        }
        try reader.finish(span)
    }

    private static func value(
        _ json: Span<UInt8>, _ reader: inout JSONReader, isKept: Bool
    ) throws(JSONError) -> Value {
        let first = reader.nextByte(json)
        if isKept, first == UInt8(ascii: "\"") { return .string(try reader.string(json)) }
        try reader.skipValue(json)
        return first == UInt8(ascii: "n") ? .null : .other
    }

    /// The text of a member; nil when it is missing or null. Throws when it is not a string, or has half of a surrogate
    /// pair.
    ///
    /// - Precondition: `index` is the index of one of the keys.
    package func text(at index: Int) throws(JSONError) -> String? {
        switch values[index] {
        case .absent, .null: return nil
        case .other: throw .malformed
        case .string(let raw):
            guard let text = JSONText.text(of: raw, in: json.span) else { throw .malformed }
            return text
        }
    }
}
