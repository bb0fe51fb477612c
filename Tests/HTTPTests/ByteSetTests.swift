import Testing

@testable import HTTP

@Suite struct ByteSetTests {
    private static let alphanumerics = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    private static let visible = Set(UInt8(0x21)...0x7E)

    private static func members(of set: ByteSet) -> Set<UInt8> {
        Set((UInt8.min...UInt8.max).filter(set.contains))
    }

    @Test func `each set has the characters of its grammar`() {
        #expect(Self.members(of: .token) == Set((Self.alphanumerics + "!#$%&'*+-.^_`|~").utf8))
        #expect(Self.members(of: .target) == Self.visible.subtracting("#\"<>".utf8))
        #expect(Self.members(of: .path) == Self.visible.subtracting("#\"<>?%\\".utf8))
        #expect(Self.members(of: .host) == Set((Self.alphanumerics + "-._~!$&'()*+;=").utf8))
    }

    @Test func `a search ends at the first other byte`() {
        for count in 0...20 {
            let bytes = [UInt8](repeating: 0x61, count: count) + [0x3A] + [UInt8](repeating: 0x61, count: 20 - count)
            let (first, next) = (ByteSet.token.end(in: bytes.span), ByteSet.token.end(in: bytes.span, from: count + 1))
            #expect(first == count)
            #expect(next == 21)
        }
    }

    @Test(arguments: [ByteSet.token.bit, ByteSet.target.bit, ByteSet.path.bit, ByteSet.host.bit])
    func `a search judges each byte alike, wherever it is`(bit: UInt8) {
        let set = ByteSet(bit: bit)
        for byte in UInt8.min...UInt8.max {
            for (count, place) in [(1, 0), (15, 7), (16, 0), (16, 15), (40, 0), (40, 20), (40, 39)] {
                var bytes = [UInt8](repeating: UInt8(ascii: "z"), count: count)
                bytes[place] = byte
                let end = set.end(in: bytes.span)
                #expect(end == (set.contains(byte) ? count : place), "\(byte) at \(place) of \(count)")
            }
        }
    }
}

@Suite struct ASCIITests {
    /// A byte that is not text at each place of a text of each length.
    @Test(arguments: [0x00, 0x09, 0x1F, 0x7F, 0x80, 0xFF, 0x20, 0x7E] as [UInt8])
    func `the first byte that is not text is found at each place`(byte: UInt8) {
        for count in 1...40 {
            for place in 0..<count {
                var bytes = [UInt8](repeating: 0x61, count: count)
                bytes[place] = byte
                for (tabs, above) in [(false, false), (true, true)] {
                    let isText = byte >= 0x80 ? above : byte >= 0x20 && byte != 0x7F || byte == 0x09 && tabs
                    let found = ASCII.firstNonText(in: bytes.span, from: 0, allowsTabs: tabs, allowsAbove127: above)
                    #expect(found == (isText ? count : place), "\(byte) at \(place) of \(count)")
                }
            }
        }
    }

    @Test func `names are compared without the case of letters`() {
        let names = [
            "host", "connection", "upgrade", "expect", "content-length", "content-type", "content-encoding",
            "transfer-encoding", "authorization", "origin", "x-forwarded-for", "x-request-id", "traceparent",
            "sec-websocket-key",
            "sec-websocket-version", "sec-websocket-protocol",
        ]
        for (field, name) in zip(KnownField.allCases, names) {
            #expect(field.nameByteCount == name.utf8.count)
            for name in [name, name.uppercased()] {
                let utf8 = Array(name.utf8)
                let (found, line) = (KnownField(utf8.span), Array("\(name): x".utf8))
                #expect(found == field)
                let (ofLine, ofName) = (KnownField(ofLine: line.span), KnownField(ofLine: utf8.span))
                #expect(ofLine == field)
                #expect(ofName == nil)
                for place in utf8.indices {
                    var other = utf8
                    other[place] = UInt8(ascii: "~")
                    let none = KnownField(other.span)
                    #expect(none == nil)
                }
            }
        }
    }
}
