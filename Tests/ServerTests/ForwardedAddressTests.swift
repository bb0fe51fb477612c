import Primitives
import Reactor
import Testing

@testable import Server

@Suite struct ForwardedAddressTests {
    private static let proxies = TrustedProxies(
        ["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.1"].compactMap(AddressNetwork.init))

    private static func client(_ peer: String, _ values: [String]) throws -> PeerAddress {
        ForwardedAddress.client(
            peer: try #require(PeerAddress(peer)), fieldValues: values, proxies: proxies)
    }

    @Test(arguments: [
        // The header of an untrusted peer is ignored.
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"), ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", [""], "10.0.0.1"),
        // With or without port and brackets.
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"), ("10.0.0.1", ["203.0.113.7:40007"], "203.0.113.7"),
        ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"), ("10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"), ("10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["[::ffff:203.0.113.7]:1"], "203.0.113.7"), ("::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        // From the right past trusted ones.
        ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1,203.0.113.7 , 192.0.2.1\t,10.2.3.4:80, [2001:db8:1::7]:9"], "203.0.113.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"), ("2001:db8:1::1", [",203.0.113.7,, ,"], "203.0.113.7"),
        // Several lines are one list.
        ("10.0.0.1", ["198.51.100.1", "203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        // Up to the first part that is no address.
        ("10.0.0.1", ["unknown"], "10.0.0.1"), ("10.0.0.1", ["203.0.113.7, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7, _hidden, 10.0.0.2"], "10.0.0.2"), ("10.0.0.1", ["x,203.0.113.7"], "203.0.113.7"),
    ])
    func `the client is the first address from the right that is not a trusted proxy`(
        peer: String, values: [String], client: String
    ) throws {
        #expect(try Self.client(peer, values) == PeerAddress(client))
    }

    @Test(arguments: [
        "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536", "1.2.3.4:+1", "1.2.3.4:123456", "[1.2.3.4]", "[1.2.3.4]:80", "[::1",
        "::1]", "[::1]x", "[::1]:", "[]", "[]:1", "1.2.3", "01.2.3.4", "1.2.3.4 5", "\"[::1]\"", "fe80::1%eth0",
        "::1::",
    ])
    func `a text that is not an address, with or without a port, has none`(text: String) {
        #expect(ForwardedAddress.address(text) == nil)
    }

    // MARK: - Networks

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3/8", "10.9.9.9", true),
        ("0.0.0.0/0", "203.0.113.1", true), ("0.0.0.0/0", "2001:db8::1", false), ("192.0.2.1/32", "192.0.2.1", true),
        ("192.0.2.1/32", "192.0.2.0", false), ("192.0.2.128/25", "192.0.2.127", false), ("::/0", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
        ("2001:db8::/65", "2001:db8::7fff:0:0:0", true), ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
        ("2001:db8::1/128", "2001:db8::1", true), ("2001:db8::1", "2001:db8::2", false),
        ("::ffff:192.0.2.0/120", "192.0.2.9", true), ("::ffff:192.0.2.0/120", "192.0.3.0", false),
    ])
    func `a network holds the addresses that begin with its bits`(
        network: String, address: String, isInside: Bool
    ) throws {
        let network = try #require(AddressNetwork(network))
        #expect(network.contains(try #require(PeerAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0/8", "::/129",
        "::/x", "proxy", "10.0.0.0/0008", "[::1]", "10.0.0.1:80",
    ])
    func `a text that is not a network is refused`(text: String) { #expect(AddressNetwork(text) == nil) }

    @Test func `limits count an IPv6 address by its subnet of 64 bits`() throws {
        let first = try #require(PeerAddress("2001:db8:0:1::1"))
        let second = try #require(PeerAddress("2001:db8:0:1:ffff:ffff:ffff:ffff"))
        let other = try #require(PeerAddress("2001:db8:0:2::1"))
        #expect(first.countedNetwork == second.countedNetwork)
        #expect(first.countedNetwork != other.countedNetwork)
        let dotted = try #require(PeerAddress("192.0.2.1"))
        #expect(dotted.countedNetwork == dotted)
    }
}
