internal import Primitives

/// Why bytes are not a JSON text that the server accepts.
package enum JSONError: Error, Hashable, Sendable {
    /// The bytes violate the grammar, end early, or contain a string that is not UTF-8.
    case malformed
    /// Arrays and objects are nested deeper than `JSONReader.depthMax`.
    case tooDeep
}

/// Reads JSON texts (RFC 8259), without extensions, in one pass over bytes.
///
/// It is iterative and allocates nothing: it checks and skips a value, and returns a string as the range of its raw
/// bytes, or writes its text to memory. Strings are the only place where the grammar allows bytes beyond ASCII, so UTF-8
/// is checked there. Pass the same input to each call. Do not use the reader after an error.
package struct JSONReader {
    /// The maximum nesting depth of arrays and objects. Each has one bit in `objects`.
    package static let depthMax = 64

    /// A string as it is in the input, with its escapes.
    package struct RawString: Hashable, Sendable {
        /// The bytes between the quotes.
        package let range: Range<Int>
        /// Whether the bytes contain an escape and thus differ from the text.
        package let hasEscapes: Bool
        /// Whether all bytes are ASCII. Escapes may represent other scalars.
        package let isASCII: Bool
    }

    /// The index of the next byte.
    var index = 0
    /// The number of open arrays and objects; `0...depthMax`.
    private var depth = 0
    /// For each open one, whether it is an object; the innermost in the lowest bit.
    private var objects: UInt64 = 0

    /// Creates a reader at the beginning of its input.
    package init() {}

    /// Throws unless `json` is one JSON text. O(n), no allocation.
    package static func validate(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader()
        try reader.skipValue(json)
        try reader.finish(json)
    }

    // MARK: - An object's members, one at a time

    /// Reads the `{` of an object and, unless it is empty, its first key.
    mutating func beginObject(_ json: Span<UInt8>) throws(JSONError) -> RawString? {
        try openObject(json) ? try key(json) : nil
    }

    /// Reads what follows a member: a comma and the next key, or the `}` of the object (nil).
    mutating func nextKey(_ json: Span<UInt8>) throws(JSONError) -> RawString? {
        try continueObject(json) ? try key(json) : nil
    }

    /// Reads the `{` of an object, and its `}` when it is empty. Whether a key follows.
    mutating func openObject(_ json: Span<UInt8>) throws(JSONError) -> Bool {
        guard nextByte(json) == UInt8(ascii: "{") else { throw .malformed }
        try open(isObject: true)
        guard nextByte(json) == UInt8(ascii: "}") else { return true }
        close()
        return false
    }

    /// Reads what follows a member: a comma, or the `}` of the object. Whether a key follows.
    mutating func continueObject(_ json: Span<UInt8>) throws(JSONError) -> Bool {
        switch nextByte(json) {
        case UInt8(ascii: ","):
            index += 1
            return true
        case UInt8(ascii: "}"):
            close()
            return false
        default: throw .malformed
        }
    }

    /// Reads the `[` of an array, and its `]` when it is empty. Whether an element follows.
    mutating func openArray(_ json: Span<UInt8>) throws(JSONError) -> Bool {
        guard nextByte(json) == UInt8(ascii: "[") else { throw .malformed }
        try open(isObject: false)
        guard nextByte(json) == UInt8(ascii: "]") else { return true }
        close()
        return false
    }

    /// Reads what follows an element: a comma, or the `]` of the array. Whether an element follows.
    mutating func continueArray(_ json: Span<UInt8>) throws(JSONError) -> Bool {
        switch nextByte(json) {
        case UInt8(ascii: ","):
            index += 1
            return true
        case UInt8(ascii: "]"):
            close()
            return false
        default: throw .malformed
        }
    }

    /// Reads a key and its colon.
    mutating func key(_ json: Span<UInt8>) throws(JSONError) -> RawString {
        let key = try string(json)
        try takeColon(json)
        return key
    }

    /// Reads a key and its colon if the key is written like this one. Returns false, and reads nothing but white space,
    /// when it is not.
    mutating func takeKey(_ key: JSONObject.Key, _ json: Span<UInt8>) throws(JSONError) -> Bool {
        guard nextByte(json) == UInt8(ascii: "\"") else { return false }
        let start = index &+ 1
        let end = start &+ key.byteCount
        guard end < json.count, json[end] == UInt8(ascii: "\""), key.isEqual(to: json, at: start) else { return false }
        index = end &+ 1
        try takeColon(json)
        return true
    }

    private mutating func takeColon(_ json: Span<UInt8>) throws(JSONError) {
        guard nextByte(json) == UInt8(ascii: ":") else { throw .malformed }
        index += 1
    }

    /// The first byte of the next value, which determines its kind; nil at the end of the input.
    mutating func nextByte(_ json: Span<UInt8>) -> UInt8? {
        while index < json.count {
            let byte = json[index]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            index += 1
        }
        return nil
    }

    /// Skips a string. The next byte must be its opening quote.
    mutating func string(_ json: Span<UInt8>) throws(JSONError) -> RawString {
        guard nextByte(json) == UInt8(ascii: "\"") else { throw .malformed }
        let start = index + 1
        var end = start
        var (hasEscapes, isASCII) = (false, true)
        while end < json.count {
            if let block = ByteBlock(json, at: end) {
                let special = Self.special(block)
                guard !special.isEmpty else {
                    end &+= ByteBlock.byteCount
                    continue
                }
                end &+= special.firstOffset
            }
            let byte = json[end]
            if byte == UInt8(ascii: "\"") {
                index = end + 1
                return RawString(range: start..<end, hasEscapes: hasEscapes, isASCII: isASCII)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                end = try Self.endOfEscape(json, at: end)
            } else if byte >= 0x80 {
                isASCII = false
                end &+= try Self.sequenceByteCount(json, at: end)
            } else {
                guard byte >= 0x20 else { throw .malformed }
                end &+= 1
            }
        }
        throw .malformed
    }

    /// The bytes of a block that a string must not have as they are, or that end it, and those that are not ASCII.
    @inline(__always)
    static func special(_ block: ByteBlock) -> ByteBlock.Selection {
        // Inverting this bit exchanges the quote with the space, and each control character with another one.
        block.invertingBits(0x02).belowOrBeyondASCII(0x21) | block.equal(to: UInt8(ascii: "\\"))
    }

    /// The length of the sequence of UTF-8 beyond ASCII at an index.
    @inline(__always)
    static func sequenceByteCount(_ json: Span<UInt8>, at index: Int) throws(JSONError) -> Int {
        let byteCount = UTF8Sequence.byteCount(atLowEndOf: json.littleEndianWord(at: index))
        guard byteCount > 0 else { throw .malformed }
        return byteCount
    }

    /// Checks the escape whose backslash is at an index. Returns the index after it.
    private static func endOfEscape(_ json: Span<UInt8>, at start: Int) throws(JSONError) -> Int {
        let index = start + 1
        guard index < json.count else { throw .malformed }
        if json[index] == UInt8(ascii: "u") {
            guard JSONText.unit(json, at: index + 1) != nil else { throw .malformed }
            return index + 5
        }
        guard JSONText.byte(escapedAs: json[index]) != nil else { throw .malformed }
        return index + 1
    }

    /// Skips one value of any kind.
    mutating func skipValue(_ json: Span<UInt8>) throws(JSONError) {
        let outerDepth = depth
        repeat {
            let isOpened = try skipScalarOrOpen(json)
            if !isOpened { try closeEnded(json, downTo: outerDepth) }
        } while depth > outerDepth
    }

    /// Throws unless only white space follows.
    mutating func finish(_ json: Span<UInt8>) throws(JSONError) {
        precondition(depth == 0, "a text ends when all that it opened is closed")
        guard nextByte(json) == nil else { throw .malformed }
    }

    // MARK: - Values

    /// Reads a whole scalar, empty array or empty object (returns false), or opens an array or object up to its first
    /// value (returns true).
    private mutating func skipScalarOrOpen(_ json: Span<UInt8>) throws(JSONError) -> Bool {
        guard let byte = nextByte(json) else { throw .malformed }
        switch byte {
        case UInt8(ascii: "\""):
            _ = try string(json)
            return false
        case UInt8(ascii: "{"):
            return try beginObject(json) != nil
        case UInt8(ascii: "["):
            try open(isObject: false)
            guard nextByte(json) == UInt8(ascii: "]") else { return true }
            close()
            return false
        case UInt8(ascii: "t"): try skip(Self.wordOfTrue, json)
        case UInt8(ascii: "f"):
            index += 1
            try skip(Self.wordOfAlse, json)
        case UInt8(ascii: "n"): try skip(Self.wordOfNull, json)
        default: try skipNumber(json)
        }
        return false
    }

    /// After a value: closes the arrays and objects that end here. Stops where the next value begins, or at
    /// `outerDepth`.
    private mutating func closeEnded(_ json: Span<UInt8>, downTo outerDepth: Int) throws(JSONError) {
        while depth > outerDepth {
            let isObject = objects & 1 == 1
            guard let byte = nextByte(json) else { throw .malformed }
            if byte == UInt8(ascii: ",") {
                index += 1
                if isObject { _ = try key(json) }
                return
            }
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .malformed }
            close()
        }
    }

    private mutating func open(isObject: Bool) throws(JSONError) {
        guard depth < Self.depthMax else { throw .tooDeep }
        index += 1
        depth += 1
        objects = objects << 1 | (isObject ? 1 : 0)
    }

    private mutating func close() {
        index += 1
        depth -= 1
        objects >>= 1
    }

    // MARK: - Scalars

    // The literals as words, as `littleEndianWord` reads them; of `false` the last four letters.
    private static let wordOfTrue: UInt32 = 0x6575_7274
    private static let wordOfAlse: UInt32 = 0x6573_6C61
    private static let wordOfNull: UInt32 = 0x6C6C_756E

    private mutating func skip(_ literal: UInt32, _ json: Span<UInt8>) throws(JSONError) {
        guard json.littleEndianWord(at: index) == literal else { throw .malformed }
        index += 4
    }

    /// `[ "-" ] int [ frac ] [ exp ]`
    private mutating func skipNumber(_ json: Span<UInt8>) throws(JSONError) {
        if peek(json) == UInt8(ascii: "-") { index += 1 }
        if peek(json) == UInt8(ascii: "0") { index += 1 } else { try skipDigits(json) }
        if peek(json) == UInt8(ascii: ".") {
            index += 1
            try skipDigits(json)
        }
        guard peek(json) | 0x20 == UInt8(ascii: "e") else { return }
        index += 1
        if peek(json) == UInt8(ascii: "+") || peek(json) == UInt8(ascii: "-") { index += 1 }
        try skipDigits(json)
    }

    private mutating func skipDigits(_ json: Span<UInt8>) throws(JSONError) {
        let start = index
        while peek(json) &- UInt8(ascii: "0") < 10 { index += 1 }
        guard index > start else { throw .malformed }
    }

    /// The byte at the index; at the end 0, which no number contains.
    private func peek(_ json: Span<UInt8>) -> UInt8 { index < json.count ? json[index] : 0 }
}
