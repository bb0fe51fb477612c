internal import Primitives

extension JSONObject {
    /// Where the text of a member was written.
    private enum WrittenValue {
        case absent
        case null
        case text(JSONReader.WrittenText, at: Int)
        case other
    }

    /// The values of an object's members. The texts are decoded as they are read, one after the other, into memory for
    /// all of them.
    static func values(of json: Span<UInt8>, keys: [Key]) throws(JSONError) -> InlineArray<4, Value> {
        // A text is no longer than its JSON. Whole blocks are copied, so the last may reach beyond that.
        let capacity = json.count + ByteBlock.byteCount
        return try unsafe withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) {
            (memory) throws(JSONError) in
            guard let start = memory.baseAddress else { throw .malformed }
            let written = try unsafe write(json, keys: keys, to: start)
            var values = InlineArray<4, Value>(repeating: .absent)
            for index in values.indices {
                switch written[index] {
                case .absent: break
                case .null: values[index] = .null
                case .text(let text, at: _) where text.isMalformed: values[index] = .other
                case .text(let text, at: let offset):
                    // SAFETY: `write` has written the text there.
                    let string = unsafe text.string(at: start + offset)
                    values[index] = .text(Text(text: string, hasNUL: text.hasNUL))
                case .other: values[index] = .other
                }
            }
            return values
        }
    }

    /// Reads the object, and writes the texts of the known members.
    @unsafe
    private static func write(
        _ json: Span<UInt8>, keys: [Key], to start: UnsafeMutableRawPointer
    ) throws(JSONError) -> InlineArray<4, WrittenValue> {
        var values = InlineArray<4, WrittenValue>(repeating: .absent)
        var byteCount = 0
        var reader = JSONReader()
        var next = try reader.beginObject(json)
        while let key = next {
            let known = index(of: key, in: json, among: keys)
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
            next = try reader.nextKey(json)
        }
        try reader.finish(json)
        return values
    }
}
