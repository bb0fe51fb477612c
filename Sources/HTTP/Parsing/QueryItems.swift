import Primitives

/// The items of a query, `name=value` between ampersands, decoded on lookup (`+` is a space).
///
/// Holds the text as received. A lookup is O(bytes) and allocates only for the value.
public struct QueryItems: Hashable, Sendable {
    private let raw: String

    /// Wraps the text after the `?`; nil is a query without items.
    public init(_ rawQuery: String?) {
        raw = rawQuery ?? ""
    }

    /// The value of the first item with the name `name`, empty when the item has no `=`; nil when there is no such
    /// item. Throws `malformedQuery` when the value is not percent-encoded UTF-8 or contains a NUL. Items whose names
    /// cannot be decoded are skipped.
    public func first(_ name: String) throws(HTTPParseError) -> String? {
        let utf8 = raw.utf8
        let bytes = utf8.span
        var start = 0
        while start < bytes.count {
            let end = bytes.firstIndex(of: UInt8(ascii: "&"), from: start) ?? bytes.count
            let item = bytes.extracting(start..<end)
            start = end + 1
            let nameEnd = item.firstIndex(of: UInt8(ascii: "=")) ?? item.count
            guard !item.isEmpty,
                let itemName = PercentCoding.decoded(item.extracting(0..<nameEnd), plusIsSpace: true),
                itemName.utf8.elementsEqual(name.utf8)
            else { continue }
            if nameEnd == item.count { return "" }
            let value = item.extracting(nameEnd + 1..<item.count)
            guard let text = PercentCoding.decoded(value, plusIsSpace: true) else { throw .malformedQuery }
            return text
        }
        return nil
    }
}
