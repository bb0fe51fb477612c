/// A member of the object that a text is, as ranges of the text: for callers that know numbers and arrays.
///
/// Pass the same text to each call.
package struct JSONMember {
    private enum Value {
        case null
        case string(JSONReader.RawString)
        case number(Range<Int>)
        case array(Range<Int>)
        case other
    }

    private let key: JSONReader.RawString
    private let value: Value

    /// Reads one text that is an object: calls `body` for each member, in their order. A key may occur again. O(n), no
    /// allocation.
    package static func forEach(
        of json: Span<UInt8>, _ body: (JSONMember) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard (try? UTF8Span(validating: json)) != nil else { throw .malformed }
        var reader = JSONReader()
        var next = try reader.beginObject(json)
        while let key = next {
            try body(JSONMember(key: key, value: read(json, &reader)))
            next = try reader.nextKey(json)
        }
        try reader.finish(json)
    }

    private static func read(_ json: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) -> Value {
        let first = reader.nextByte(json)
        if first == UInt8(ascii: "\"") { return .string(try reader.string(json)) }
        let start = reader.index
        try reader.skipValue(json)
        switch first {
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "["): return .array(start..<reader.index)
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "{"): return .other
        default: return .number(start..<reader.index)
        }
    }

    // MARK: - The key

    /// The bytes of a key of 1 to 8 bytes, none of them 0, as a little-endian number.
    package struct Name: Hashable, Sendable {
        private let word: UInt64

        /// - Precondition: The text has 1 to 8 bytes.
        package init(_ text: StaticString) {
            precondition((1...8).contains(text.utf8CodeUnitCount), "a name is short")
            word = text.description.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        fileprivate init?(_ bytes: Span<UInt8>) {
            guard (1...8).contains(bytes.count) else { return nil }
            var word: UInt64 = 0
            for index in bytes.indices {
                if bytes[index] == 0 { return nil }
                word |= UInt64(bytes[index]) << UInt64(8 * index)
            }
            self.word = word
        }
    }

    /// The index of the key among `names`; nil when it is none of them. Allocates only for a key with escapes.
    package func index(among names: [Name], in json: Span<UInt8>) -> Int? {
        guard let name = name(in: json) else { return nil }
        return names.firstIndex(of: name)
    }

    private func name(in json: Span<UInt8>) -> Name? {
        guard key.hasEscapes else { return Name(json.extracting(key.range)) }
        return JSONText.text(of: key, in: json).flatMap { Name($0.utf8.span) }
    }

    // MARK: - The value

    /// Whether the value is `null`.
    package var isNull: Bool {
        if case .null = value { true } else { false }
    }

    /// Whether the value is a string.
    package var isString: Bool {
        if case .string = value { true } else { false }
    }

    /// Whether the value is a number.
    package var isNumber: Bool {
        if case .number = value { true } else { false }
    }

    /// The text of a string; nil for other values, and for half of a surrogate pair.
    package func text(in json: Span<UInt8>) -> String? {
        guard case .string(let raw) = value else { return nil }
        return JSONText.text(of: raw, in: json)
    }

    /// The nearest number that a `Double` can have; nil for other values, and for numbers that it cannot represent.
    package func number(in json: Span<UInt8>) -> Double? {
        guard case .number(let range) = value else { return nil }
        let digits = json.extracting(range)
        if let whole = Self.wholeNumber(digits) { return whole }
        guard let utf8 = try? UTF8Span(validating: digits), let number = Double(String(copying: utf8)) else {
            return nil
        }
        return number.isFinite ? number : nil
    }

    /// A number of at most 15 digits, which a `Double` has exactly; nil for other forms.
    private static func wholeNumber(_ digits: Span<UInt8>) -> Double? {
        guard digits.count <= 15 else { return nil }
        var number: Int64 = 0
        for index in digits.indices {
            let digit = digits[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int64(digit)
        }
        return Double(number)
    }

    /// The texts of an array of strings; nil for other values.
    package func texts(in json: Span<UInt8>) -> [String]? {
        guard case .array(let range) = value else { return nil }
        let json = json.extracting(range)
        var reader = JSONReader()
        return try? reader.texts(json)
    }
}

extension JSONReader {
    /// Reads an array of strings whose grammar was checked. Throws for another element, and for half of a surrogate
    /// pair.
    fileprivate mutating func texts(_ json: Span<UInt8>) throws(JSONError) -> [String] {
        var texts: [String] = []
        // The `[`, and then a comma after each string.
        index += 1
        while let byte = nextByte(json), byte != UInt8(ascii: "]") {
            if byte == UInt8(ascii: ",") { index += 1 }
            guard let text = JSONText.text(of: try string(json), in: json) else { throw .malformed }
            texts.append(text)
        }
        return texts
    }
}
