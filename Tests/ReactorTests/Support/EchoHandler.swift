import Primitives

@testable import Reactor

/// How a connection is served.
struct EchoMode: Sendable {
    var isMultishot = false
    /// Sends in a group at the end of the turn, instead of sends that wait.
    var usesTrySend = false
    /// Transferred to `other` with the first bytes.
    var isTransferred = false
    /// Sends this many bytes of a pattern and closes, instead of echoing.
    var sourceByteCount = 0

    /// The bytes that a source sends.
    static func pattern(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
}

/// Echoes what connections send, in every way that the reactor offers, over any driver; and keeps account of calls
/// that `ReactorHandler` says do not come.
final class EchoHandler<IO: Driver>: ReactorHandler {
    typealias EchoReactor = Reactor<EchoHandler<IO>, IO>

    typealias Mode = EchoMode

    private struct Echo {
        var mode: Mode
        var backlog: [UInt8] = []
        var isSending = false
        var isBlocked = false
        var isDirty = false
        var isEnding = false
        var isClosing = false
    }

    private unowned let reactor: EchoReactor
    private let modes: [Mode]
    /// Where connections are transferred and commands are bounced to.
    weak var other: EchoReactor?
    /// Called with commands; -1 when a bounced command came to its end.
    var onCommand: (Int) -> Void = { _ in }
    private var echoes: [ConnectionID: Echo] = [:]
    private var dirty: [ConnectionID] = []
    private(set) var addresses: [PeerAddress?] = []
    private(set) var receivedTransferCount = 0
    private(set) var failedTransferCount = 0
    private(set) var shortSendCount = 0
    private(set) var closedCount = 0
    private(set) var receivedByteCount = 0
    private(set) var firedTokens: [UInt64] = []
    /// Broken promises of the reactor.
    private(set) var violations: [String] = []

    init(reactor: EchoReactor, modes: [Mode]) {
        self.reactor = reactor
        self.modes = modes
    }

    var openConnections: [ConnectionID] { echoes.keys.filter { reactor.isOpen($0) } }

    private func check(_ connection: ConnectionID, _ call: String) -> Bool {
        guard let echo = echoes[connection] else {
            violations.append("\(call) of an unknown connection")
            return false
        }
        if echo.isClosing { violations.append("\(call) after close") }
        return !echo.isClosing
    }

    private func close(_ connection: ConnectionID) {
        echoes[connection]?.isClosing = true
        reactor.close(connection)
        reactor.close(connection)
    }

    private func open(_ connection: ConnectionID, _ mode: Mode, backlog: [UInt8]) {
        if echoes[connection] != nil { violations.append("a name in use was given again") }
        echoes[connection] = Echo(mode: mode, backlog: backlog)
    }

    // MARK: - Connections

    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {
        let mode = modes[addresses.count % modes.count]
        addresses.append(address)
        open(connection, mode, backlog: (0..<mode.sourceByteCount).map(EchoMode.pattern))
        if mode.sourceByteCount > 0 {
            echoes[connection]?.isEnding = true
            advance(connection)
        } else {
            reactor.receive(connection, isMultishot: mode.isMultishot && !mode.isTransferred)
        }
    }

    func connectionTransferred(_ connection: ConnectionID, transfer: [UInt8]) {
        receivedTransferCount += 1
        var mode = modes[receivedTransferCount % modes.count]
        mode.isTransferred = false
        open(connection, mode, backlog: transfer)
        if mode.isMultishot { reactor.receive(connection, isMultishot: true) }
        advance(connection)
    }

    func transferFailed(_ connection: ConnectionID, transfer: [UInt8]) {
        guard check(connection, "transferFailed") else { return }
        failedTransferCount += 1
        echoes[connection]?.mode.isTransferred = false
        echoes[connection]?.backlog = transfer
        if echoes[connection]?.mode.isMultishot == true { reactor.receive(connection, isMultishot: true) }
        advance(connection)
    }

    func connectionClosed(_ connection: ConnectionID) {
        if echoes.removeValue(forKey: connection) == nil { violations.append("connectionClosed of an unknown one") }
        closedCount += 1
    }

    // MARK: - Bytes

    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        guard check(connection, "bytesReceived"), let mode = echoes[connection]?.mode else { return }
        receivedByteCount += bytes.count
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        if mode.isTransferred, let other {
            reactor.transfer(connection, to: other, with: copy)
            return
        }
        echoes[connection]?.backlog += copy
        advance(connection)
    }

    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) {
        guard check(connection, "receiveEnded") else { return }
        echoes[connection]?.isEnding = true
        if errnoValue != 0 { close(connection) } else { advance(connection) }
    }

    /// Sends what waits; else reads on, or closes what is over.
    private func advance(_ connection: ConnectionID) {
        guard let echo = echoes[connection], !echo.isClosing, !echo.isSending, !echo.isBlocked else { return }
        if echo.backlog.isEmpty {
            if echo.isEnding {
                close(connection)
            } else if !echo.mode.isMultishot {
                reactor.receive(connection, isMultishot: false)
            }
        } else if echo.mode.usesTrySend {
            guard !echo.isDirty else { return }
            echoes[connection]?.isDirty = true
            dirty.append(connection)
        } else {
            echoes[connection]?.isSending = true
            echoes[connection]?.backlog = []
            reactor.send(connection, echo.backlog.span)
        }
    }

    func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {
        guard check(connection, "sendEnded") else { return }
        echoes[connection]?.isSending = false
        if errnoValue != 0 { close(connection) } else { advance(connection) }
    }

    // MARK: - Sends that do not wait

    func turnEnded() -> Bool {
        let flushed = dirty
        dirty = []
        var copies: [UnsafeMutableRawBufferPointer] = unsafe []
        for connection in flushed {
            guard let echo = echoes[connection], !echo.isClosing else { continue }
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: echo.backlog.count, alignment: 16)
            unsafe copy.copyBytes(from: echo.backlog)
            // SAFETY: the copy is freed after `submit`.
            unsafe reactor.trySendInGroup(connection, UnsafeRawBufferPointer(copy))
            unsafe copies.append(copy)
        }
        reactor.submit()
        while let copy = unsafe copies.popLast() {
            // A late reader would send this instead.
            unsafe copy.initializeMemory(as: UInt8.self, repeating: 0xee)
            unsafe copy.deallocate()
        }
        for connection in flushed {
            guard let echo = echoes[connection], !echo.isClosing else { continue }
            echoes[connection]?.isDirty = false
            guard !echo.isBlocked else { continue }
            echoes[connection]?.backlog = []
            advance(connection)
        }
        return false
    }

    func shortSend(_ connection: ConnectionID, byteCount: Int) {
        guard check(connection, "shortSend"), let echo = echoes[connection] else { return }
        if byteCount >= echo.backlog.count || !echo.isDirty { violations.append("a whole send was reported as short") }
        shortSendCount += 1
        echoes[connection]?.backlog.removeFirst(byteCount)
        echoes[connection]?.isBlocked = true
        reactor.pollWritable(connection)
    }

    func becameWritable(_ connection: ConnectionID) {
        guard check(connection, "becameWritable") else { return }
        echoes[connection]?.isBlocked = false
        advance(connection)
    }

    func sendFailed(_ connection: ConnectionID, errnoValue: Int32) {
        guard check(connection, "sendFailed") else { return }
        close(connection)
    }

    func sendCompleted(_ connection: ConnectionID, byteCount: Int) {
        violations.append("a send in a group was reported as a single one")
    }

    // MARK: - The rest

    func timerFired(_ token: UInt64) { firedTokens.append(token) }

    func commandReceived(_ command: Int) {
        onCommand(command)
        if command > 0, let other { _ = other.post(command - 1, from: reactor) }
    }
}
