import Glibc
import Primitives
import Testing

@testable import Reactor

/// What only `EpollDriver` does. What all drivers do is in the tests that take a driver.
@Suite(.timeLimit(.minutes(5))) struct EpollDriverTests {
    private static func withDriver(
        limits: ReactorLimits = .live, _ body: (EpollDriver) throws -> Void
    ) throws {
        let driver = try EpollDriver(limits: limits)
        try body(driver)
        #expect(driver.shutDown())
    }

    private func completions(of driver: EpollDriver) -> [Completion] {
        var buffer = [Completion](repeating: Completion(tag: CompletionTag(bits: 0), result: 0), count: 1_000)
        let count = unsafe buffer.withUnsafeMutableBufferPointer { unsafe driver.drain(into: $0) }
        return Array(buffer.prefix(count))
    }

    /// Waits until the driver has this many completions.
    private func completions(of driver: EpollDriver, count: Int) -> [Completion] {
        var all = completions(of: driver)
        while all.count < count {
            driver.submitAndWait(until: nil)
            all += completions(of: driver)
        }
        return all
    }

    /// A slot of the driver whose peer is the second descriptor.
    private func connected(_ driver: EpollDriver) throws -> (slot: UInt32, peer: Int32) {
        let opened = try Listeners.open(#require(ListenAddress("127.0.0.1:0")), count: 1)
        driver.prepareListener(opened.descriptors[0])
        driver.accept(listener: opened.descriptors[0], isMultishot: false, tag: CompletionTag(acceptOf: .main))
        let client = try LiveClient(port: opened.port)
        let accepted = try #require(completions(of: driver, count: 1).first)
        driver.closeListener(opened.descriptors[0])
        return (UInt32(accepted.result), client.descriptor)
    }

    private static func tag(_ operation: Operation, _ slot: UInt32) -> CompletionTag {
        CompletionTag(operation, ConnectionID(slot: slot, generation: 0))
    }

    @Test func `a wake ends the wait of another driver, and fails when that has ended`() throws {
        try Self.withDriver { sender in
            let target = try EpollDriver(limits: .live)
            let remote = CompletionTag(.wake)
            sender.wake(target.address, remoteTag: remote)
            target.submitAndWait(until: nil)
            #expect(completions(of: target).map(\.tag) == [CompletionTag(.wakeRead), remote])
            #expect(completions(of: sender).isEmpty)
            target.shutDown()
            sender.wake(target.address, remoteTag: remote)
            let failures = completions(of: sender)
            #expect(failures.map(\.result) == [-EBADFD])
            #expect(failures.map(\.tag.operation) == [.wake])
        }
    }

    @Test func `each wake of a waker ends one wait, though nothing reads the counter`() throws {
        try Self.withDriver { driver in
            for _ in 0..<3 {
                driver.waker.wake()
                driver.submitAndWait(until: nil)
                #expect(completions(of: driver).map(\.tag) == [CompletionTag(.wakeRead)])
            }
            driver.submitAndWait(until: driver.now + .milliseconds(1))
            #expect(completions(of: driver).isEmpty)
        }
    }

    @Test func `a wait ends at its deadline, and not before`() throws {
        try Self.withDriver { driver in
            let deadline = driver.now + .microseconds(1_500)
            driver.submitAndWait(until: deadline)
            #expect(driver.now >= deadline)
        }
    }

    // MARK: - Receiving

    @Test func `a connection that floods fills eight buffers before it is the others' turn`() throws {
        var limits = ReactorLimits.live
        limits.receiveBufferByteCount = 64
        try Self.withDriver(limits: limits) { driver in
            let (slot, peer) = try connected(driver)
            let flood = [UInt8](repeating: 7, count: 64 * 20)
            #expect(unsafe write(peer, flood, flood.count) == flood.count)
            driver.receive(slot: slot, isMultishot: true, tag: Self.tag(.receive, slot))
            var counts: [Int] = []
            while counts.reduce(0, +) < 20 {
                driver.submitAndWait(until: nil)
                let received = completions(of: driver)
                #expect(received.allSatisfy { $0.hasMore && $0.result == 64 })
                for completion in received { driver.recycle(bufferIndex: try #require(completion.bufferIndex)) }
                counts.append(received.count)
            }
            #expect(counts == [8, 8, 4])
            close(peer)
        }
    }

    @Test func `without a free buffer a receive ends, and its bytes are there for the next`() throws {
        var limits = ReactorLimits.live
        limits.receiveBufferCount = 1
        try Self.withDriver(limits: limits) { driver in
            let (first, firstPeer) = try connected(driver)
            let (second, secondPeer) = try connected(driver)
            for peer in [firstPeer, secondPeer] { #expect(unsafe write(peer, [1, 2] as [UInt8], 2) == 2) }
            for slot in [first, second] {
                driver.receive(slot: slot, isMultishot: false, tag: Self.tag(.receive, slot))
            }
            let results = completions(of: driver, count: 2)
            #expect(results.map(\.result).sorted() == [-ENOBUFS, 2])
            let taken = try #require(results.first { $0.result == 2 })
            let refused = try #require(results.first { $0.result < 0 })
            driver.recycle(bufferIndex: try #require(taken.bufferIndex))
            driver.receive(slot: refused.tag.connection.slot, isMultishot: false, tag: refused.tag)
            #expect(completions(of: driver, count: 1).map(\.result) == [2])
            for peer in [firstPeer, secondPeer] { close(peer) }
        }
    }

    // MARK: - Slots

    @Test func `a socket on its way to a driver that ends is closed`() throws {
        try Self.withDriver { source in
            let target = try EpollDriver(limits: .live)
            let (slot, peer) = try connected(source)
            source.transfer(
                slot: slot, to: target.address, remoteTag: CompletionTag(transferReceived: 1),
                tag: Self.tag(.transfer, slot))
            #expect(completions(of: source).map(\.result) == [0])
            target.shutDown()
            var byte: UInt8 = 0
            #expect(unsafe read(peer, &byte, 1) == 0, "the peer sees the end")
            source.close(slot: slot, tag: Self.tag(.close, slot))
            #expect(completions(of: source).map(\.result) == [0])
            close(peer)
        }
    }

    @Test func `a transfer to a driver that has ended fails, and the connection goes on`() throws {
        try Self.withDriver { source in
            let target = try EpollDriver(limits: .live)
            target.shutDown()
            let (slot, peer) = try connected(source)
            source.transfer(
                slot: slot, to: target.address, remoteTag: CompletionTag(transferReceived: 1),
                tag: Self.tag(.transfer, slot))
            #expect(completions(of: source).map(\.result) == [-EBADFD])
            source.receive(slot: slot, isMultishot: false, tag: Self.tag(.receive, slot))
            #expect(unsafe write(peer, [5] as [UInt8], 1) == 1)
            #expect(completions(of: source, count: 1).map(\.result) == [1])
            close(peer)
        }
    }

    @Test func `a socket that arrives and cannot be watched has a slot, and its receive ends at once`() throws {
        try Self.withDriver { driver in
            // Stands for a socket: epoll refuses a file with EPERM, as it refuses a socket for lack of memory.
            let file = unsafe open("/proc/self/exe", O_RDONLY)
            #expect(driver.address.reserveSlot())
            let tag = CompletionTag(transferReceived: 1)
            #expect(driver.address.pass(EpollInbox.Arrival(descriptor: file, tag: tag)))
            let arrived = try #require(completions(of: driver, count: 2).first { $0.tag == tag })
            let slot = UInt32(arrived.result)
            driver.receive(slot: slot, isMultishot: true, tag: Self.tag(.receive, slot))
            #expect(completions(of: driver, count: 1).map(\.result) == [-ENOTSOCK])
        }
    }

    @Test func `operations on a slot without a socket fail`() throws {
        try Self.withDriver { driver in
            let bytes: [UInt8] = [1]
            driver.receive(slot: 20, isMultishot: true, tag: Self.tag(.receive, 20))
            unsafe bytes.withUnsafeBytes { unsafe driver.send(slot: 20, bytes: $0, tag: Self.tag(.send, 20)) }
            unsafe bytes.withUnsafeBytes {
                unsafe driver.trySend(slot: 20, bytes: $0, isInGroup: true, tag: Self.tag(.trySendInGroup, 20))
            }
            driver.pollWritable(slot: 20, tag: Self.tag(.pollWritable, 20))
            driver.shutdown(slot: 20, isBothDirections: true, tag: Self.tag(.shutdown, 20))
            driver.close(slot: 20, tag: Self.tag(.close, 20))
            #expect(completions(of: driver).map(\.result) == Array(repeating: -EBADF, count: 6))
        }
    }

    @Test func `a cancellation ends the receive, the wait for room and the send of a connection`() throws {
        try Self.withDriver { driver in
            let (slot, peer) = try connected(driver)
            driver.receive(slot: slot, isMultishot: true, tag: Self.tag(.receive, slot))
            let bytes = [UInt8](repeating: 1, count: 10_000_000)
            try unsafe bytes.withUnsafeBytes { bytes throws in
                unsafe driver.send(slot: slot, bytes: bytes, tag: Self.tag(.send, slot))
                driver.pollWritable(slot: slot, tag: Self.tag(.pollWritable, slot))
                for operation in [Operation.receive, .pollWritable, .send] {
                    driver.cancel(target: Self.tag(operation, slot), tag: CompletionTag(.cancel))
                    let results = completions(of: driver)
                    #expect(results.map(\.tag.operation) == [operation, .cancel])
                    #expect(results.map(\.result) == [-ECANCELED, 1])
                    driver.cancel(target: Self.tag(operation, slot), tag: CompletionTag(.cancel))
                    #expect(completions(of: driver).map(\.result) == [0])
                }
            }
            close(peer)
        }
    }

    // MARK: - Ordinary descriptors

    @Test func `polls of both directions of one socket end separately`() throws {
        try Self.withDriver { driver in
            var ends: [Int32] = [-1, -1]
            #expect(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            defer { for end in ends { close(end) } }
            for round in 0..<3 {
                let (reading, writing) = (UInt64(2 * round), UInt64(2 * round + 1))
                driver.pollDescriptor(ends[0], isForWriting: false, tag: CompletionTag(descriptorPoll: reading))
                driver.pollDescriptor(ends[0], isForWriting: true, tag: CompletionTag(descriptorPoll: writing))
                #expect(
                    completions(of: driver, count: 1).map(\.tag) == [CompletionTag(descriptorPoll: writing)])
                #expect(unsafe write(ends[1], [1] as [UInt8], 1) == 1)
                #expect(
                    completions(of: driver, count: 1).map(\.tag) == [CompletionTag(descriptorPoll: reading)])
                var byte: UInt8 = 0
                #expect(unsafe read(ends[0], &byte, 1) == 1)
            }
        }
    }

    @Test func `a descriptor's number may be that of another file at the next poll`() throws {
        try Self.withDriver { driver in
            var number: UInt64 = 0
            for _ in 0..<3 {
                var ends: [Int32] = [-1, -1]
                #expect(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
                number += 1
                driver.pollDescriptor(ends[0], isForWriting: true, tag: CompletionTag(descriptorPoll: number))
                #expect(completions(of: driver, count: 1).map(\.tag) == [CompletionTag(descriptorPoll: number)])
                for end in ends { close(end) }
            }
            #expect(driver.polled.count <= 2, "the numbers are used again")
        }
    }

    @Test func `a file is always ready, and a number without a file fails`() throws {
        try Self.withDriver { driver in
            let file = unsafe open("/proc/self/exe", O_RDONLY)
            driver.pollDescriptor(file, isForWriting: false, tag: CompletionTag(descriptorPoll: 1))
            #expect(completions(of: driver).map { $0.result > 0 } == [true])
            close(file)
            driver.pollDescriptor(file, isForWriting: false, tag: CompletionTag(descriptorPoll: 2))
            #expect(completions(of: driver).map(\.result) == [-EBADF])
        }
    }

    // MARK: - Listeners

    @Test func `a listener serves each kind of driver, whatever the last one made of it`() throws {
        let opened = try Listeners.open(#require(ListenAddress("127.0.0.1:0")), count: 1)
        let listener = opened.descriptors[0]
        for driver in systemDrivers + systemDrivers { try accepts(driver, listener, port: opened.port) }
        close(listener)
    }

    private func accepts<IO: SystemDriver>(_: IO.Type, _ listener: Int32, port: UInt16) throws {
        let driver = try IO(limits: .live)
        driver.prepareListener(listener)
        driver.accept(listener: listener, isMultishot: true, tag: CompletionTag(acceptOf: .main))
        // No client waits yet.
        driver.submitAndWait(until: driver.now + .milliseconds(1))
        let client = try LiveClient(port: port)
        var buffer = [Completion](repeating: Completion(tag: CompletionTag(bits: 0), result: 0), count: 8)
        var results: [Int32] = []
        while results.isEmpty {
            driver.submitAndWait(until: nil)
            let count = unsafe buffer.withUnsafeMutableBufferPointer { unsafe driver.drain(into: $0) }
            results += buffer.prefix(count).map(\.result)
        }
        #expect(results.allSatisfy { $0 >= 0 })
        #expect(driver.shutDown())
        client.close()
    }
}
