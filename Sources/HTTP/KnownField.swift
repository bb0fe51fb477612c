/// The fields that the server itself reads. A head keeps the places of their values, and no more of any other field.
public enum KnownField: UInt8, CaseIterable, Sendable {
    case host, connection, upgrade, expect
    case contentLength, contentType, contentEncoding, transferEncoding
    case authorization, origin, forwardedFor
    case webSocketKey, webSocketVersion, webSocketProtocol

    /// The name in lower case.
    var name: StaticString {
        switch self {
        case .host: "host"
        case .connection: "connection"
        case .upgrade: "upgrade"
        case .expect: "expect"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .transferEncoding: "transfer-encoding"
        case .authorization: "authorization"
        case .origin: "origin"
        case .forwardedFor: "x-forwarded-for"
        case .webSocketKey: "sec-websocket-key"
        case .webSocketVersion: "sec-websocket-version"
        case .webSocketProtocol: "sec-websocket-protocol"
        }
    }

    /// The field of a name; nil for all others. The length of a name leaves one candidate, or two, to compare.
    init?(_ name: Span<UInt8>) {
        let candidate: KnownField
        switch name.count {
        case 4: candidate = .host
        case 6: candidate = ASCII.lowercased(name[0]) == UInt8(ascii: "e") ? .expect : .origin
        case 7: candidate = .upgrade
        case 10: candidate = .connection
        case 12: candidate = .contentType
        case 13: candidate = .authorization
        case 14: candidate = .contentLength
        case 15: candidate = .forwardedFor
        case 16: candidate = .contentEncoding
        case 17: candidate = ASCII.lowercased(name[0]) == UInt8(ascii: "t") ? .transferEncoding : .webSocketKey
        case 21: candidate = .webSocketVersion
        case 22: candidate = .webSocketProtocol
        default: return nil
        }
        guard ASCII.equals(name, ignoringCase: candidate.name) else { return nil }
        self = candidate
    }
}

/// Where the values of the known fields are in the bytes of a head.
struct KnownFieldRanges: Sendable {
    /// The first value of a field.
    private struct Entry: Sendable {
        var start: UInt32 = 0
        /// Its byte count, above two bits for the number of field lines with the name: 0, 1, or 2 for more.
        var countAndLines: UInt32 = 0
    }

    private var entries = InlineArray<14, Entry>(repeating: Entry())

    /// The first value of a field, and whether more field lines have the name; nil for none.
    subscript(field: KnownField) -> (range: Range<Int>, isRepeated: Bool)? {
        let entry = entries[Int(field.rawValue)]
        guard entry.countAndLines & 3 > 0 else { return nil }
        let start = Int(entry.start)
        return (start..<start + Int(entry.countAndLines >> 2), entry.countAndLines & 3 > 1)
    }

    /// Adds the value of a field line.
    mutating func add(_ field: KnownField, _ range: Range<Int>) {
        let index = Int(field.rawValue)
        let lineCount = entries[index].countAndLines & 3
        if lineCount == 0 {
            entries[index] = Entry(start: UInt32(range.lowerBound), countAndLines: UInt32(range.count) << 2 | 1)
        } else {
            entries[index].countAndLines = entries[index].countAndLines & ~3 | 2
        }
    }
}
