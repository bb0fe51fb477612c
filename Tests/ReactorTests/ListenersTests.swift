import Glibc
import Synchronization
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

    @Test(
        arguments: [
            ("127.0.0.1:80", "127.0.0.1:80", true), ("localhost:80", "127.0.0.1:80", true),
            ("*:80", "0.0.0.0:80", true), ("[::1]:80", "[0:0::1]:80", true), ("127.0.0.1:80", "127.0.0.1:81", false),
            ("0.0.0.0:80", "127.0.0.1:80", false), ("[::]:80", "0.0.0.0:80", false),
        ])
    func `an address is the same however it is written`(left: String, right: String, isSame: Bool) throws {
        let (left, right) = (try #require(ListenAddress(left)), try #require(ListenAddress(right)))
        #expect(left.isSame(as: right) == isSame)
    }

    @Test(arguments: ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"])
    func `a socket says what it is bound to`(text: String) throws {
        let address = try #require(ListenAddress(text))
        let (descriptors, port) = try Listeners.open(address, count: 1)
        defer { Glibc.close(descriptors[0]) }
        let bound = try #require(ListeningSocket(inherited: descriptors[0])?.boundAddress)
        #expect(bound.isSame(as: try #require(ListenAddress("\(address.host):\(port)"))))
        #expect(ListeningSocket(inherited: -1) == nil)
    }

    @Test func `sockets that are for another process are none of ours`() {
        #expect(InheritedSockets(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"]).addresses.isEmpty)
        #expect(InheritedSockets(environment: ["LISTEN_FDS": "1"]).addresses.isEmpty)
        #expect(InheritedSockets(environment: ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "x"]).addresses.isEmpty)
    }

    @Test(
        arguments: [
            ("127.0.0.1:80", "127.0.0.1:80", true), ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:80", "127.0.0.2:80", false), ("127.0.0.1:0", "127.0.0.1:0", false),
            ("*:80", "127.0.0.1:80", true), ("[::]:80", "127.0.0.1:80", true), ("[::]:80", "[::1]:80", true),
            ("0.0.0.0:80", "[::1]:80", false), ("0.0.0.0:80", "[::]:80", true),
            ("[::1]:80", "[0:0:0:0:0:0:0:1]:80", true), ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", true),
        ])
    func `addresses overlap when one connection could be meant for both`(left: String, right: String, overlap: Bool) {
        let (left, right) = (ListenAddress(left), ListenAddress(right))
        #expect(left.flatMap { left in right.map { left.overlaps($0) } } == overlap)
        #expect(right.flatMap { right in left.map { right.overlaps($0) } } == overlap)
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

    /// Regression: a check for a free address, followed by shared binds, admitted two servers.
    @Test func `of servers that start at the same moment exactly one gets the address`() throws {
        for _ in 0..<50 {
            let probe = try Listeners.open(address(port: 0), count: 1)
            close(probe.descriptors)
            let same = try address(port: probe.port)
            let outcomes = Mutex<[Result<[Int32], ListenError>]>([])
            let waitingCount = Atomic<Int>(4)
            withThreads(4) {
                waitingCount.subtract(1, ordering: .sequentiallyConsistent)
                while waitingCount.load(ordering: .sequentiallyConsistent) > 0 {}
                let outcome = Result { () throws(ListenError) in try Listeners.open(same, count: 2).descriptors }
                outcomes.withLock { $0.append(outcome) }
            }
            let all = outcomes.withLock { $0 }
            let winners = all.compactMap { try? $0.get() }
            for descriptors in winners { close(descriptors) }
            #expect(winners.count == 1)
            #expect(all.count { $0 == .failure(.inUse(same)) } == 3)
        }
    }

    private func withThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let threads = (0..<count).map { ReactorThread(name: "server \($0)", body: body) }
        for thread in threads { thread.join() }
    }

    @Test func `connections are spread over all listeners`() throws {
        let opened = try Listeners.open(address(port: 0), count: 3)
        defer { close(opened.descriptors) }
        for descriptor in opened.descriptors { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        var counts = [0, 0, 0]
        let clients = try (0..<300).map { _ in try LiveClient(port: opened.port) }
        for (index, descriptor) in opened.descriptors.enumerated() {
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { break }
                counts[index] += 1
                Glibc.close(accepted)
            }
        }
        for client in clients { client.close() }
        #expect(counts.reduce(0, +) == 300)
        #expect(counts.allSatisfy { $0 > 30 }, "\(counts)")
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
