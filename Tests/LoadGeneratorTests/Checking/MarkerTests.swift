import LoadGenerator
import Primitives
import Testing

@Suite struct MarkerTests {
    static let marker = Marker(
        run: 0xdead_beef, channel: 7, sequence: 4_000_000_000, intended: .init(nanoseconds: 0x0123_4567_89ab_cdef),
        textByteCount: 200)

    static func payload(_ marker: Marker, before: String = "", after: String = "") -> [UInt8] {
        var bytes = Array(before.utf8)
        marker.appendText(to: &bytes)
        return bytes + Array(after.utf8)
    }

    static func scan(_ payload: [UInt8], hint: Int = 0) -> MarkerScan {
        var hint = hint
        return Marker.scan(payload.span, hint: &hint)
    }

    @Test(arguments: [Marker.byteCount, 62, 200, LoadLimits.textByteCountMax])
    func `a text of any length comes back with its fields`(byteCount: Int) {
        var marker = Self.marker
        marker.textByteCount = UInt32(byteCount)
        let bytes = Self.payload(marker)
        #expect(bytes.count == byteCount)
        #expect(Self.scan(bytes) == .found(marker))
    }

    @Test func `a text needs no escape in JSON`() {
        let bytes = Self.payload(Self.marker)
        #expect(bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    }

    @Test(arguments: ["", #"{"id":"1","message":""#, "~~SL~SL", #"{"message":"~S","m":""#])
    func `a marker is found after any text`(before: String) {
        let bytes = Self.payload(Self.marker, before: before, after: #"","created_at":null}"#)
        #expect(Self.scan(bytes) == .found(Self.marker))
        #expect(Self.scan(bytes, hint: 3) == .found(Self.marker))
        #expect(Self.scan(bytes, hint: 100_000) == .found(Self.marker))
    }

    @Test func `the offset of a marker is the next hint`() {
        var hint = 0
        _ = Marker.scan(Self.payload(Self.marker, before: "0123456789").span, hint: &hint)
        #expect(hint == 10)
    }

    @Test func `a payload without a marker has none`() {
        #expect(Self.scan([]) == .missing)
        #expect(Self.scan(Array("~SL".utf8)) == .missing)
        #expect(Self.scan(Array(#"{"message":"hello ~ world"}"#.utf8)) == .missing)
    }

    @Test func `every byte that is changed is noticed`() {
        let bytes = Self.payload(Self.marker)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                switch Self.scan(changed) {
                case .found(let marker): Issue.record("byte \(index), bit \(bit) gave \(marker)")
                case .cut, .corrupt, .missing: break
                }
            }
        }
    }

    @Test func `every text that ends too early is noticed, and named when its marker is whole`() {
        let bytes = Self.payload(Self.marker)
        for count in 4..<bytes.count {
            let expected = MarkerScan.cut(count >= Marker.byteCount ? Self.marker : nil)
            #expect(Self.scan(Array(bytes[..<count])) == expected)
        }
    }

    @Test func `a text that ends too early within its JSON is named`() {
        let whole = Self.payload(Self.marker)
        let rest = Array((#"","x":""# + String(repeating: "0", count: 60) + #""}"#).utf8)
        #expect(Self.scan(Array(whole[..<150]) + rest) == .corrupt(Self.marker))
    }

    @Test func `two bytes of the padding that change places are noticed`() {
        var bytes = Self.payload(Self.marker)
        bytes.swapAt(100, 101)
        #expect(Self.scan(bytes) == .corrupt(Self.marker))
    }
}
