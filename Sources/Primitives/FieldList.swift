/// A comma-separated list in the value of a field of HTTP (RFC 9110, section 5.6.1). Empty elements are skipped. Commas
/// and white space are found as bytes, because a comma followed by a combining mark would be another `Character`.
public enum FieldList {
    /// The elements without surrounding white space, as ranges of the value. O(bytes); allocates the array.
    public static func elements(of value: Span<UInt8>) -> [Range<Int>] {
        var elements: [Range<Int>] = []
        forEachElement(of: value) { elements.append($0) }
        return elements
    }

    /// Whether an element is the token, which is in lower case. ASCII letters match in either case. O(bytes).
    public static func contains(_ token: Span<UInt8>, in value: Span<UInt8>) -> Bool {
        var isFound = false
        forEachElement(of: value) { element in
            isFound = isFound || isEqual(value.extracting(element), ignoringCase: token)
        }
        return isFound
    }

    @inline(__always)
    private static func forEachElement(of value: Span<UInt8>, _ body: (Range<Int>) -> Void) {
        var start = 0
        while start < value.count {
            var end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
            let next = end + 1
            while start < end, isWhiteSpace(value[start]) { start += 1 }
            while start < end, isWhiteSpace(value[end - 1]) { end -= 1 }
            if start < end { body(start..<end) }
            start = next
        }
    }

    private static func isEqual(_ bytes: Span<UInt8>, ignoringCase token: Span<UInt8>) -> Bool {
        guard bytes.count == token.count else { return false }
        for index in bytes.indices {
            let byte = bytes[index]
            let isUpperCase = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            guard (isUpperCase ? byte | 0x20 : byte) == token[index] else { return false }
        }
        return true
    }

    /// Optional white space (RFC 9110, section 5.6.3).
    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
