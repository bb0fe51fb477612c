internal import Primitives

/// The members of a JSON object that a route knows. Other members are checked and skipped. When a key occurs twice, the
/// last member counts.
///
/// It exists within `read` alone: the texts of its members are in memory of that call until they are asked for.
@safe
package struct JSONObject: ~Copyable {
    /// A key that a route knows, as a block.
    package struct Key: Sendable {
        let byteCount: Int
        private let block: ByteBlock
        /// Ones for the bytes of the key, zeros for the rest of the block.
        private let mask: ByteBlock

        /// - Precondition: The name has at most 16 bytes.
        package init(_ name: StaticString) {
            let name = Array(name.description.utf8)
            precondition(name.count <= ByteBlock.byteCount, "a key is short")
            byteCount = name.count
            let zeros = [UInt8](repeating: 0, count: ByteBlock.byteCount - name.count)
            guard let block = ByteBlock((name + zeros).span, at: 0),
                let mask = ByteBlock((name.map { _ in 0xFF } + zeros).span, at: 0)
            else { preconditionFailure("sixteen bytes are a block") }
            (self.block, self.mask) = (block, mask)
        }

        /// Whether a text has the key's bytes at an index.
        @inline(__always)
        func isEqual(to text: Span<UInt8>, at index: Int) -> Bool {
            guard let block = ByteBlock(text, at: index) else { return isEqualByByte(to: text, at: index) }
            return block.isEqual(to: self.block, where: mask)
        }

        @inline(never)
        private func isEqualByByte(to text: Span<UInt8>, at start: Int) -> Bool {
            (0..<byteCount).allSatisfy { text[start + $0] == block.bytes[$0] }
        }
    }

    /// A member whose value is a string.
    package struct Text: Sendable {
        /// The text.
        package let text: String
        /// Whether it contains the character U+0000, which no store accepts. Reading it costs nothing.
        package let hasNUL: Bool
    }

    /// Where the value of a member is.
    enum Value {
        case absent
        case null
        /// Its text, at an offset in the memory of all texts.
        case text(JSONReader.WrittenText, at: Int)
        /// It is not a string.
        case other
    }

    /// The most keys that a route may know.
    static let keyCountMax = 4

    /// By the index of the key.
    let values: InlineArray<4, Value>
    /// The memory of all texts.
    let texts: UnsafeMutableRawPointer

    static func index(of key: JSONReader.RawString, in json: Span<UInt8>, among keys: [Key]) -> Int? {
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
}
