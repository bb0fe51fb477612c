internal import Primitives

/// The members of a JSON object that a route knows. Other members are checked and skipped. When a key occurs twice, the
/// last member counts.
///
/// Parsing allocates nothing: a member is the range of its value.
package struct JSONObject {
    /// A key that a route knows, as a block.
    package struct Key: Sendable {
        fileprivate let byteCount: Int
        private let bytes: SIMD16<UInt8>
        /// Ones for the bytes of the key, zeros for the rest of the block.
        private let mask: SIMD16<UInt8>

        /// - Precondition: The name has at most 16 bytes.
        package init(_ name: StaticString) {
            let name = Array(name.description.utf8)
            precondition(name.count <= ByteBlock.byteCount, "a key is short")
            byteCount = name.count
            var (bytes, mask) = (SIMD16<UInt8>(), SIMD16<UInt8>())
            for index in name.indices { (bytes[index], mask[index]) = (name[index], 0xFF) }
            (self.bytes, self.mask) = (bytes, mask)
        }

        /// Whether a text has the key's bytes at an index. They are not the last of the text.
        fileprivate func isEqual(to text: Span<UInt8>, at index: Int) -> Bool {
            guard let block = ByteBlock(text, at: index) else { return isEqualByByte(to: text, at: index) }
            return (block.bytes ^ bytes) & mask == SIMD16<UInt8>()
        }

        @inline(never)
        private func isEqualByByte(to text: Span<UInt8>, at start: Int) -> Bool {
            (0..<byteCount).allSatisfy { text[start + $0] == bytes[$0] }
        }
    }

    private enum Value {
        case absent
        case null
        case string(JSONReader.RawString)
        case other
    }

    /// The most keys that a route may know.
    private static let keyCountMax = 4

    private let json: [UInt8]
    /// By the index of the key.
    private var values: InlineArray<4, Value>

    /// Parses one text that is an object. O(n), no allocation.
    ///
    /// - Precondition: There are at most four keys.
    package init(_ json: [UInt8], keys: [Key]) throws(JSONError) {
        precondition(keys.count <= Self.keyCountMax, "values have room for four keys")
        self.json = json
        values = InlineArray(repeating: .absent)
        let span = json.span
        var reader = JSONReader()
        var next = try reader.beginObject(span)
        while let key = next {
            let known = Self.index(of: key, in: span, among: keys)
            let value = try Self.value(span, &reader, isKept: known != nil)
            if let known { values[known] = value }
            next = try reader.nextKey(span)
        }
        try reader.finish(span)
    }

    private static func index(of key: JSONReader.RawString, in json: Span<UInt8>, among keys: [Key]) -> Int? {
        if key.hasEscapes { return indexOfEscaped(key, in: json, among: keys) }
        for index in keys.indices
        where keys[index].byteCount == key.range.count && keys[index].isEqual(to: json, at: key.range.lowerBound) {
            return index
        }
        return nil
    }

    /// The index of a key that is written with escapes, which clients rarely do.
    @inline(never)
    private static func indexOfEscaped(
        _ key: JSONReader.RawString, in json: Span<UInt8>, among keys: [Key]
    ) -> Int? {
        // Half of a surrogate pair is in no key of a route.
        guard let text = JSONText.text(of: key, in: json) else { return nil }
        let bytes = Array(text.utf8)
        return keys.firstIndex { $0.byteCount == bytes.count && $0.isEqual(to: bytes.span, at: 0) }
    }

    private static func value(
        _ json: Span<UInt8>, _ reader: inout JSONReader, isKept: Bool
    ) throws(JSONError) -> Value {
        let first = reader.nextByte(json)
        if isKept, first == UInt8(ascii: "\"") { return .string(try reader.string(json)) }
        try reader.skipValue(json)
        return first == UInt8(ascii: "n") ? .null : .other
    }

    /// A member whose value is a string.
    package struct Text: Sendable {
        /// The text.
        package let text: String
        /// Whether it contains the character U+0000, which no store accepts. Reading it costs nothing.
        package let hasNUL: Bool
    }

    /// The text of a member; nil when it is missing or null. Throws when it is not a string, or has half of a surrogate
    /// pair. O(bytes); one allocation when the text has more than 15 bytes, and another for more than 1 KiB with
    /// escapes.
    ///
    /// - Precondition: `index` is the index of one of the keys.
    package func text(at index: Int) throws(JSONError) -> Text? {
        switch values[index] {
        case .absent, .null: return nil
        case .other: throw .malformed
        case .string(let raw):
            guard let text = JSONText.text(of: raw, in: json.span) else { throw .malformed }
            return Text(text: text, hasNUL: raw.hasNUL)
        }
    }
}
