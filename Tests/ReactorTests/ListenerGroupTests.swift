import Glibc
import Synchronization
import Testing

@testable import Reactor

/// The sockets that two processes have at one address: here both are this one.
@Suite struct ListenerGroupTests {
    /// Opens sockets that do not wait, beside those that the port has already unless it is 0.
    private func open(_ host: String = "127.0.0.1", port: UInt16 = 0, count: Int) throws -> ([Int32], port: UInt16) {
        let address = try #require(ListenAddress("\(host):\(port)"))
        let opened = try Listeners.open(address, count: count, isTakeover: port != 0)
        for descriptor in opened.descriptors { ListeningSocket.setBlocking(false, descriptor) }
        return (opened.descriptors, opened.port)
    }

    private func close(_ descriptors: [Int32]) { for descriptor in descriptors { Glibc.close(descriptor) } }

    /// Accepts what is in the queue of a socket, and closes it.
    private func takeQueue(_ listener: Int32) -> Int {
        var count = 0
        while true {
            let accepted = accept(listener, nil, nil)
            guard accepted >= 0 else { return count }
            count += 1
            Glibc.close(accepted)
        }
    }

    private func connect(_ port: UInt16, count: Int) throws {
        for client in try (0..<count).map({ _ in try LiveClient(port: port) }) { client.close() }
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0", "[::1]", "[::]"])
    func `the sockets of one address are counted`(host: String) throws {
        let (own, port) = try open(host, count: 2)
        defer { close(own) }
        #expect(ListenerGroup.count(sharing: own[0]) == 2)
        let (others, _) = try open(host, port: port, count: 3)
        #expect(ListenerGroup.count(sharing: own[1]) == 5)
        close(others)
        #expect(ListenerGroup.count(sharing: own[0]) == 2)
        let (elsewhere, _) = try open(host, count: 1)
        close(elsewhere)
        #expect(ListenerGroup.count(sharing: -1) == 0)
    }

    @Test func `rows are read from parts of any length`() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
               1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
               2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
               3: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
               4: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0 100 0 0 10 0

            """
        let bytes = Array(text.utf8)
        for length in [1, 7, 150, bytes.count] {
            var counter = ListenerCounter(address: "0100007F:1F90")
            var isMore = true
            for start in stride(from: 0, to: bytes.count, by: length) where isMore {
                isMore = counter.take(bytes[start..<min(start + length, bytes.count)])
            }
            #expect(counter.count == 2, "parts of \(length) bytes")
            #expect(!isMore, "rows of connections are not read")
        }
    }

    @Test func `new connections go to the sockets that came later until that ends`() throws {
        let (own, port) = try open(count: 2)
        let (others, _) = try open(port: port, count: 3)
        defer { close(own + others) }
        try #require(ListenerGroup.steer(own[0], past: 2, to: 3))
        try connect(port, count: 90)
        #expect(own.map(takeQueue) == [0, 0])
        let counts = others.map(takeQueue)
        #expect(counts.reduce(0, +) == 90)
        #expect(counts.allSatisfy { $0 > 5 }, "\(counts)")
        ListenerGroup.endSteering(own[0])
        try connect(port, count: 200)
        #expect((own + others).map(takeQueue).allSatisfy { $0 > 5 })
    }

    @Test func `a connection that is ignored reaches the socket that is left`() throws {
        let (own, port) = try open(count: 1)
        let (others, _) = try open(port: port, count: 1)
        defer { close(others) }
        ListenerGroup.ignoreNew(own[0])
        let failureCount = Atomic<Int>(0)
        let threads = (0..<16).map { number in
            ReactorThread(name: "client \(number)") {
                // A client whose first segment was dropped sends it again, after a second.
                do { try connect(port, count: 1) } catch { failureCount.add(1, ordering: .relaxed) }
            }
        }
        var count = 0
        while count == 0 { count = takeQueue(others[0]) }
        #expect(takeQueue(own[0]) == 0)
        close(own)
        for thread in threads { thread.join() }
        #expect(failureCount.load(ordering: .relaxed) == 0)
        #expect(count + takeQueue(others[0]) == 16)
    }
}
