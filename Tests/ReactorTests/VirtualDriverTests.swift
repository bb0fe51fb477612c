import Glibc
import Primitives
import Testing

@testable import Reactor

/// The virtual driver keeps the promises that the kernel's keeps.
@Suite struct VirtualDriverTests {
    private let network = VirtualNetwork(seed: 1)
    private let driver: VirtualDriver

    init() {
        driver = VirtualDriver(network: network, limits: Self.limits)
        network.socketBufferByteCountMax = 100
    }

    private static var limits: ReactorLimits {
        var limits = ReactorLimits()
        limits.descriptorCountMax = 2
        limits.descriptorReserveCount = 0
        limits.receiveBufferCount = 2
        limits.receiveBufferByteCount = 16
        return limits
    }

    private func completions() -> [Completion] {
        var buffer: [Completion] = Array(repeating: Completion(tag: CompletionTag(bits: 0), result: 0), count: 100)
        let count = unsafe buffer.withUnsafeMutableBufferPointer { unsafe driver.drain(into: $0) }
        return Array(buffer.prefix(count))
    }

    private func results() -> [Int32] {
        driver.submit()
        return completions().map(\.result)
    }

    private func tag(_ operation: Operation, _ slot: UInt32 = 0) -> CompletionTag {
        CompletionTag(operation, ConnectionID(slot: slot, generation: 0))
    }

    /// A connection in slot 0.
    private func connect() throws -> (peer: VirtualPeer, listener: Int32) {
        let listener = network.listen()
        let peer = try #require(network.connect(to: listener))
        driver.accept(listener: listener, isMultishot: false, tag: tag(.accept))
        #expect(results() == [0])
        return (peer, listener)
    }

    private func trySend(_ byteCount: Int, isInGroup: Bool = true) -> [Int32] {
        let bytes = [UInt8](repeating: 1, count: byteCount)
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe driver.trySend(slot: 0, bytes: bytes, isInGroup: isInGroup, tag: tag(.trySendInGroup))
            return results()
        }
    }

    @Test func `sends of a group are reported only when they are short`() throws {
        let (peer, _) = try connect()
        #expect(trySend(60) == [])
        #expect(trySend(60) == [40])
        #expect(trySend(60) == [-EAGAIN])
        #expect(trySend(60, isInGroup: false) == [-EAGAIN])
        #expect(peer.read().count == 100)
        #expect(trySend(60, isInGroup: false) == [60])
        peer.reset()
        #expect(trySend(1) == [-ECONNRESET])
        #expect(trySend(1) == [-EPIPE])
    }

    @Test func `a send to a peer that closed leads to a reset`() throws {
        let (peer, _) = try connect()
        peer.close()
        #expect(trySend(5) == [])
        #expect(trySend(5) == [-ECONNRESET])
    }

    @Test func `a poll for writing ends when a third of the room is free`() throws {
        let (peer, _) = try connect()
        #expect(trySend(200) == [100])
        driver.pollWritable(slot: 0, tag: tag(.pollWritable))
        #expect(results() == [])
        #expect(peer.read(byteCountMax: 20).count == 20)
        #expect(results() == [])
        #expect(peer.read(byteCountMax: 20).count == 20)
        #expect(results() == [Int32(POLLOUT)])
    }

    @Test func `a send waits for room and reports once`() throws {
        let (peer, _) = try connect()
        let bytes = [UInt8](repeating: 3, count: 250)
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe driver.send(slot: 0, bytes: bytes, tag: tag(.send))
            #expect(results() == [])
            #expect(peer.read().count == 100)
            #expect(results() == [])
            #expect(peer.read().count == 100)
            #expect(results() == [250])
        }
        #expect(peer.read().count == 50)
    }

    @Test func `a multishot receive ends without buffers and loses nothing`() throws {
        let (peer, _) = try connect()
        #expect(peer.write([UInt8](repeating: 9, count: 40)) == 40)
        driver.receive(slot: 0, isMultishot: true, tag: tag(.receive))
        driver.submit()
        let first = completions()
        #expect(first.map(\.result) == [16, 16, -ENOBUFS])
        #expect(first.map(\.hasMore) == [true, true, false])
        for completion in first { if let index = completion.bufferIndex { driver.recycle(bufferIndex: index) } }
        driver.receive(slot: 0, isMultishot: true, tag: tag(.receive))
        #expect(results() == [8])
        peer.end()
        #expect(results() == [0])
    }

    @Test func `closing a descriptor does not close a socket that a receive is armed on`() throws {
        let (peer, _) = try connect()
        driver.receive(slot: 0, isMultishot: true, tag: tag(.receive))
        driver.close(slot: 0, tag: tag(.close))
        #expect(results() == [0])
        #expect(!peer.isServerClosed)
        peer.end()
        #expect(results() == [0])
        #expect(peer.isServerClosed)
    }

    @Test func `a full table ends the accept and drops the client`() throws {
        let listener = network.listen()
        let peers = (0..<3).compactMap { _ in network.connect(to: listener) }
        driver.accept(listener: listener, isMultishot: true, tag: tag(.accept))
        driver.submit()
        let accepted = completions()
        #expect(accepted.map(\.result) == [0, 1, -ENFILE])
        #expect(accepted.map(\.hasMore) == [true, true, false])
        #expect(peers.map(\.isReset) == [false, false, true])
        driver.closeListener(listener)
        #expect(network.connect(to: listener) == nil)
    }

    @Test func `a wait with nothing to do moves the clock to the deadline`() {
        let start = driver.now
        driver.submitAndWait(until: start + .seconds(3))
        #expect(driver.now == start + .seconds(3))
        driver.waker.wake()
        driver.submitAndWait(until: start + .seconds(9))
        #expect(driver.now == start + .seconds(3), "a wake ended the wait")
        #expect(completions().map(\.tag) == [CompletionTag(.wakeRead)])
        network.advancesWhenIdle = false
        driver.submitAndWait(until: start + .seconds(9))
        #expect(driver.now == start + .seconds(3))
    }

    @Test func `time passes to the earliest deadline, once all drivers wait`() {
        let second = VirtualDriver(network: network, limits: Self.limits)
        let start = driver.now
        driver.submitAndWait(until: start + .seconds(9))
        #expect(driver.now == start)
        second.wake(driver.address, remoteTag: tag(.wake))
        second.submitAndWait(until: start + .seconds(4))
        #expect(driver.now == start, "the wake of the other is activity")
        #expect(completions().map(\.tag) == [tag(.wake)])
        driver.submitAndWait(until: start + .seconds(9))
        second.submitAndWait(until: start + .seconds(4))
        #expect(driver.now == start + .seconds(4))
    }
}
