/// The fields that the server itself reads. A head keeps the places of their values, and no more of any other field.
public enum KnownField: UInt8, CaseIterable, Sendable {
    case host, connection, upgrade, expect
    case contentLength, contentType, contentEncoding, transferEncoding
    case authorization, origin, forwardedFor, requestID, traceParent
    case webSocketKey, webSocketVersion, webSocketProtocol

    /// The length of the name.
    var nameByteCount: Int {
        switch self {
        case .host: 4
        case .expect, .origin: 6
        case .upgrade: 7
        case .connection: 10
        case .traceParent: 11
        case .contentType, .requestID: 12
        case .authorization: 13
        case .contentLength: 14
        case .forwardedFor: 15
        case .contentEncoding: 16
        case .transferEncoding, .webSocketKey: 17
        case .webSocketVersion: 21
        case .webSocketProtocol: 22
        }
    }

    /// The field of a name; nil for all others.
    init?(_ name: Span<UInt8>) { self.init(name, endsWithColon: false) }

    /// The field whose name and a colon begin a field line; nil for all others.
    init?(ofLine line: Span<UInt8>) { self.init(line, endsWithColon: true) }

    /// The first letter leaves a few candidates, whose length rules out most.
    @inline(__always)
    private init?(_ bytes: Span<UInt8>, endsWithColon: Bool) {
        guard !bytes.isEmpty else { return nil }
        @inline(__always)
        func isName(_ name: StaticString) -> Bool {
            let count = name.utf8CodeUnitCount
            let isWhole = endsWithColon ? bytes.count > count && bytes[count] == ASCII.colon : bytes.count == count
            return isWhole && ASCII.hasPrefix(bytes, ignoringCase: name)
        }
        switch bytes[0] | 0x20 {
        case UInt8(ascii: "a") where isName("authorization"): self = .authorization
        case UInt8(ascii: "c") where isName("content-type"): self = .contentType
        case UInt8(ascii: "c") where isName("content-length"): self = .contentLength
        case UInt8(ascii: "c") where isName("connection"): self = .connection
        case UInt8(ascii: "c") where isName("content-encoding"): self = .contentEncoding
        case UInt8(ascii: "e") where isName("expect"): self = .expect
        case UInt8(ascii: "h") where isName("host"): self = .host
        case UInt8(ascii: "o") where isName("origin"): self = .origin
        case UInt8(ascii: "s") where isName("sec-websocket-key"): self = .webSocketKey
        case UInt8(ascii: "s") where isName("sec-websocket-version"): self = .webSocketVersion
        case UInt8(ascii: "s") where isName("sec-websocket-protocol"): self = .webSocketProtocol
        case UInt8(ascii: "t") where isName("transfer-encoding"): self = .transferEncoding
        case UInt8(ascii: "t") where isName("traceparent"): self = .traceParent
        case UInt8(ascii: "u") where isName("upgrade"): self = .upgrade
        case UInt8(ascii: "x") where isName("x-forwarded-for"): self = .forwardedFor
        case UInt8(ascii: "x") where isName("x-request-id"): self = .requestID
        default: return nil
        }
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

    private var entries = InlineArray<16, Entry>(repeating: Entry())

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
