import Testing

@testable import Reactor

@Suite struct PeerAddressTests {
    @Test(arguments: [
        (PeerAddress(ipv4: 0x7f00_0001), "127.0.0.1", true),
        (PeerAddress(ipv4: 0xffff_ffff), "255.255.255.255", true),
        (PeerAddress(ipv4: 0), "0.0.0.0", true),
        (PeerAddress(high: 0, low: 0xffff_0a01_0203), "10.1.2.3", true),
        (PeerAddress(high: 0, low: 1), "0:0:0:0:0:0:0:1", false),
        (PeerAddress(high: 0x2001_0db8_0000_0000, low: 0xabcd), "2001:db8:0:0:0:0:0:abcd", false),
    ])
    func `addresses are written as people know them`(address: PeerAddress, text: String, isIPv4: Bool) {
        #expect(address.description == text)
        #expect(address.isIPv4 == isIPv4)
    }

    @Test func `an IPv4 address equals itself mapped into IPv6`() {
        #expect(PeerAddress(ipv4: 0x0102_0304) == PeerAddress(high: 0, low: 0x0000_ffff_0102_0304))
    }
}
