internal import Primitives

extension JSONObject {
    /// Parses one text that is an object, and calls `body` with it. O(n). Allocates only memory in which all texts are
    /// decoded, when the object has more than about 1,000 bytes.
    ///
    /// - Precondition: There are at most four keys.
    package static func read(
        _ json: Span<UInt8>, keys: [Key], _ body: (borrowing JSONObject) throws(JSONError) -> Void
    ) throws(JSONError) {
        precondition(keys.count <= keyCountMax, "values have room for four keys")
        // The texts are decoded as they are read, one after the other. A text is no longer than its JSON. Whole blocks
        // are copied, so the last may reach beyond that.
        let capacity = json.count + ByteBlock.byteCount
        try unsafe withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) {
            (memory) throws(JSONError) in
            guard let start = memory.baseAddress else { preconditionFailure("the memory has a block") }
            // SAFETY: the memory has room for the object and a block, and outlives the object.
            try body(unsafe JSONObject(values: try write(json, keys: keys, to: start), texts: start))
        }
    }

    /// The text of a member; nil when it is missing or null. Throws when it is not a string, or has half of a surrogate
    /// pair. O(bytes of the text): a copy; allocates when it has more than 15 bytes.
    ///
    /// - Precondition: `index` is the index of one of the keys.
    package func text(at index: Int) throws(JSONError) -> Text? {
        switch values[index] {
        case .absent, .null: return nil
        case .text(let text, at: _) where text.isMalformed: throw .malformed
        case .text(let text, at: let offset):
            // SAFETY: `write` has written the text there.
            return unsafe Text(text: text.string(at: texts + offset), hasNUL: text.hasNUL)
        case .other: throw .malformed
        }
    }

    /// Reads the object, and writes the texts of the known members.
    @unsafe
    private static func write(
        _ json: Span<UInt8>, keys: [Key], to start: UnsafeMutableRawPointer
    ) throws(JSONError) -> InlineArray<4, Value> {
        var values = InlineArray<4, Value>(repeating: .absent)
        var byteCount = 0
        // Most clients write the members in the order of `keys`.
        var expected = 0
        var reader = JSONReader()
        var hasMember = try reader.openObject(json)
        while hasMember {
            let known: Int?
            if expected < keys.count, try reader.takeKey(keys[expected], json) {
                known = expected
            } else {
                known = index(of: try reader.key(json), in: json, among: keys)
            }
            if let known { expected = known &+ 1 }
            let first = reader.nextByte(json)
            if let known, first == UInt8(ascii: "\"") {
                // SAFETY: the texts before this one are no longer than the JSON that was read.
                let text = try unsafe reader.text(json, writtenTo: start + byteCount)
                values[known] = .text(text, at: byteCount)
                byteCount += text.byteCount
            } else {
                try reader.skipValue(json)
                if let known { values[known] = first == UInt8(ascii: "n") ? .null : .other }
            }
            hasMember = try reader.continueObject(json)
        }
        try reader.finish(json)
        return values
    }
}
