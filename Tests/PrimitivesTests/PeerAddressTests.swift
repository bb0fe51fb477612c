import Testing

@testable import Primitives

@Suite struct PeerAddressTests {
    @Test(arguments: [
        (PeerAddress(ipv4: 0x7f00_0001), "127.0.0.1", true),
        (PeerAddress(ipv4: 0xffff_ffff), "255.255.255.255", true),
        (PeerAddress(ipv4: 0), "0.0.0.0", true),
        (PeerAddress(high: 0, low: 0xffff_0a01_0203), "10.1.2.3", true),
        (PeerAddress(high: 0, low: 1), "0:0:0:0:0:0:0:1", false),
        (PeerAddress(high: 0x2001_0db8_0000_0000, low: 0xabcd), "2001:db8:0:0:0:0:0:abcd", false),
    ])
    func `addresses are written in their usual form`(address: PeerAddress, text: String, isIPv4: Bool) {
        #expect(address.description == text)
        #expect(address.isIPv4 == isIPv4)
    }

    @Test func `an IPv4 address equals itself mapped into IPv6`() {
        #expect(PeerAddress(ipv4: 0x0102_0304) == PeerAddress(high: 0, low: 0x0000_ffff_0102_0304))
    }

    @Test func `limits count an IPv4 address, and the 64 bits of an IPv6 network`() {
        let address = PeerAddress(high: 0x2001_0db8_0000_0001, low: 0xabcd)
        #expect(address.countedNetwork == PeerAddress(high: 0x2001_0db8_0000_0001, low: 0))
        #expect(PeerAddress(ipv4: 0x0102_0304).countedNetwork == PeerAddress(ipv4: 0x0102_0304))
    }

    @Test(arguments: [
        (0, 0, 0), (1, 1 << 63, 0), (64, UInt64.max, 0), (65, UInt64.max, 1 << 63), (127, UInt64.max, UInt64.max - 1),
        (128, UInt64.max, UInt64.max),
    ])
    func `a prefix keeps its bits`(bitCount: Int, high: UInt64, low: UInt64) {
        #expect(PeerAddress(high: .max, low: .max).prefix(bitCount: bitCount) == PeerAddress(high: high, low: low))
    }
}
