import Glibc
import Primitives
import Testing

@testable import Reactor

/// Waits for ordinary descriptors, on each driver of the system.
@Suite(.timeLimit(.minutes(5))) struct DescriptorPollTests {
    private final class PollingHandler: ReactorHandler {
        var ready: [UInt64] = []

        func descriptorReady(_ number: UInt64) { ready.append(number) }
        func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {}
        func connectionTransferred(_ connection: ConnectionID, transfer: Int) {}
        func transferFailed(_ connection: ConnectionID, transfer: Int) {}
        func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {}
        func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) {}
        func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {}
        func shortSend(_ connection: ConnectionID, byteCount: Int) {}
        func sendCompleted(_ connection: ConnectionID, byteCount: Int) {}
        func sendFailed(_ connection: ConnectionID, errnoValue: Int32) {}
        func becameWritable(_ connection: ConnectionID) {}
        func connectionClosed(_ connection: ConnectionID) {}
        func timerFired(_ token: UInt64) {}
        func commandReceived(_ command: Int) {}
        func turnEnded() -> Bool { false }
    }

    /// A reactor on this thread and the two ends of a pipe.
    private func withPipe(
        _ driver: any SystemDriver.Type,
        _ body: (any PollingReactor, PollingHandler, _ reading: Int32, _ writing: Int32) -> Void
    ) throws {
        try withPipe(on: driver, body)
    }

    private func withPipe<IO: SystemDriver>(
        on driver: IO.Type, _ body: (any PollingReactor, PollingHandler, _ reading: Int32, _ writing: Int32) -> Void
    ) throws {
        let reactor = Reactor<PollingHandler, IO>(driver: try IO(limits: .live), limits: .live)
        let handler = PollingHandler()
        reactor.attach(handler)
        var ends: [Int32] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0)
        body(reactor, handler, ends[0], ends[1])
        for end in ends { close(end) }
        #expect(reactor.io.shutDown())
    }

    @Test(arguments: systemDrivers)
    func `a ready descriptor is reported once for each poll`(driver: any SystemDriver.Type) throws {
        try withPipe(driver) { reactor, handler, reading, writing in
            reactor.poll(reading, isForWriting: false, number: 1)
            reactor.poll(writing, isForWriting: true, number: 2)
            while handler.ready.isEmpty { reactor.turn() }
            #expect(handler.ready == [2], "the pipe has room and holds nothing")
            var byte: UInt8 = 1
            #expect(unsafe write(writing, &byte, 1) == 1)
            while handler.ready.count < 2 { reactor.turn() }
            // The byte is still there: a new wait looks at the readiness as it begins.
            reactor.poll(reading, isForWriting: false, number: 3)
            while handler.ready.count < 3 { reactor.turn() }
            #expect(handler.ready == [2, 1, 3])
        }
    }

    @Test(arguments: systemDrivers)
    func `a poll that was cancelled is not reported`(driver: any SystemDriver.Type) throws {
        try withPipe(driver) { reactor, handler, reading, writing in
            reactor.poll(reading, isForWriting: false, number: 1)
            reactor.cancelPoll(number: 1)
            reactor.turn()
            var byte: UInt8 = 1
            #expect(unsafe write(writing, &byte, 1) == 1)
            reactor.poll(reading, isForWriting: false, number: 2)
            while handler.ready.isEmpty { reactor.turn() }
            #expect(handler.ready == [2])
        }
    }
}

/// A reactor of any driver, for tests that turn it themselves.
private protocol PollingReactor {
    func turn()
    func poll(_ descriptor: Int32, isForWriting: Bool, number: UInt64)
    func cancelPoll(number: UInt64)
}

extension Reactor: PollingReactor {}
