import Glibc
import Testing

@testable import Reactor

@Suite struct ListenersTests {
    @Test(
        arguments: [
            ("127.0.0.1:80", "127.0.0.1", 80, false), ("localhost:8080", "127.0.0.1", 8080, false),
            ("*:0", "0.0.0.0", 0, false), (":9000", "0.0.0.0", 9000, false), ("[::1]:65535", "[::1]", 65535, true),
            ("[::]:1", "[::]", 1, true), ("[2001:db8::1]:443", "[2001:db8::1]", 443, true),
        ] as [(String, String, UInt16, Bool)])
    func `an address is read`(text: String, host: String, port: UInt16, isIPv6: Bool) {
        let address = ListenAddress(text)
        #expect(address?.host == host)
        #expect(address?.port == port)
        #expect(address?.isIPv6 == isIPv6)
        #expect(address?.description == "\(host):\(port)")
    }

    @Test(arguments: [
        "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+80", "127.0.0.1:8O",
        "127.0.0.1: 80", "256.0.0.1:80", "127.1:80", "example.org:80", "::1:80", "[::1]", "[::1:80", "::1]:80",
        "[127.0.0.1]:80", "[]:80", "http://127.0.0.1:80",
    ])
    func `anything else is refused`(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    private func address(port: UInt16) throws -> ListenAddress { try #require(ListenAddress("127.0.0.1:\(port)")) }

    private func close(_ descriptors: [Int32]) { for descriptor in descriptors { Glibc.close(descriptor) } }

    @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
    func `port 0 lets the kernel choose one port for all`(text: String) throws {
        let opened = try Listeners.open(#require(ListenAddress(text)), count: 3)
        defer { close(opened.descriptors) }
        #expect(opened.descriptors.count == 3)
        #expect(opened.port != 0)
    }

    @Test func `a second server on the address is refused, unless it takes over`() throws {
        let first = try Listeners.open(address(port: 0), count: 2)
        defer { close(first.descriptors) }
        let same = try address(port: first.port)
        #expect(throws: ListenError.inUse(same)) { try Listeners.open(same, count: 2) }
        let second = try Listeners.open(same, count: 2, isTakeover: true)
        defer { close(second.descriptors) }
        #expect(second.port == first.port)
    }

    @Test func `the address is free again once the listeners are closed`() throws {
        let first = try Listeners.open(address(port: 0), count: 1)
        close(first.descriptors)
        let second = try Listeners.open(address(port: first.port), count: 1)
        close(second.descriptors)
    }

    @Test func `an address that is not ours is refused with its errno`() throws {
        let foreign = try #require(ListenAddress("192.0.2.1:0"))
        #expect(throws: ListenError.failed(foreign, operation: "bind", errnoValue: EADDRNOTAVAIL)) {
            try Listeners.open(foreign, count: 1)
        }
    }
}
