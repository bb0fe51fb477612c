import FoundationEssentials

/// JSON that is readable and gives small diffs: sorted keys, one member per line, and arrays of only numbers on one
/// line, since a histogram has thousands.
enum StableJSON {
    /// The text of `value` in UTF-8, with a line feed at its end. O(bytes).
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return joiningNumberArrays([UInt8](try encoder.encode(value))) + [UInt8(ascii: "\n")]
    }

    /// Removes the white space from arrays in `json`, also nested ones, that contain only numbers. O(bytes), as an
    /// array that contains something else is scanned once for each array around it.
    static func joiningNumberArrays(_ json: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        var index = 0
        var isInString = false
        while index < json.count {
            let byte = json[index]
            if isInString {
                result.append(byte)
                if byte == UInt8(ascii: "\\"), index + 1 < json.count {
                    index += 1
                    result.append(json[index])
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte == UInt8(ascii: "["), let end = endOfNumbers(in: json, from: index) {
                result += json[index..<end].filter { !isSpace($0) }
                index = end
                continue
            } else {
                isInString = byte == UInt8(ascii: "\"")
                result.append(byte)
            }
            index += 1
        }
        return result
    }

    /// The index after the array that starts at `start`; nil when it contains anything but numbers and such arrays.
    private static func endOfNumbers(in json: [UInt8], from start: Int) -> Int? {
        var depth = 0
        for index in start..<json.count {
            switch json[index] {
            case UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "+"), UInt8(ascii: "e"), UInt8(ascii: "E"):
                break
            case let byte where isSpace(byte): break
            default: return nil
            }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }
}
