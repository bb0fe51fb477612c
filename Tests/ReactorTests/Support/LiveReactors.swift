import Glibc
import Synchronization

@testable import Reactor

/// Reactors on a driver of the system, each on a thread of its own, with echo handlers; the first listens on loopback.
final class LiveReactors<IO: SystemDriver>: Sendable {
    typealias Handler = EchoHandler<IO>

    let reactors: [Handler.EchoReactor]
    let port: UInt16
    private let threads: [ReactorThread]

    /// A slot that another thread fills.
    private final class Promise: Sendable {
        let value = Mutex<Handler.EchoReactor?>(nil)

        func wait() -> Handler.EchoReactor {
            while true {
                if let reactor = value.withLock({ $0 }) { return reactor }
                yieldProcessor()
            }
        }
    }

    init(
        _: IO.Type, count: Int = 1, modes: [EchoMode] = [EchoMode()], limits: ReactorLimits = .live,
        host: String = "127.0.0.1"
    ) throws {
        guard let address = ListenAddress("\(host):0") else { throw LiveError.badAddress }
        let opened = try Listeners.open(address, count: 1)
        port = opened.port
        let listener = opened.descriptors[0]
        var threads: [ReactorThread] = []
        var reactors: [Handler.EchoReactor] = []
        for index in 0..<count {
            let promise = Promise()
            threads.append(
                ReactorThread(name: "reactor \(index)") {
                    let driver: IO
                    do { driver = try IO(limits: limits) } catch { fatalError("\(error)") }
                    let reactor = Handler.EchoReactor(driver: driver, limits: limits)
                    reactor.attach(Handler(reactor: reactor, modes: modes))
                    if index == 0 { reactor.startAccepting(listener, isIPv6: address.isIPv6) }
                    promise.value.withLock { $0 = reactor }
                    reactor.run()
                })
            reactors.append(promise.wait())
        }
        self.threads = threads
        self.reactors = reactors
    }

    /// Runs `body` on a reactor's thread.
    func on<Value: Sendable>(
        _ index: Int = 0, _ body: @escaping @Sendable (Handler.EchoReactor) -> Value
    ) async -> Value {
        let reactor = reactors[index]
        return await Task(executorPreference: reactor) { body(reactor) }.value
    }

    /// Asks again and again until `condition` holds on the reactor's thread.
    func until(_ index: Int = 0, _ condition: @escaping @Sendable (Handler.EchoReactor) -> Bool) async {
        while !(await on(index, condition)) { yieldProcessor() }
    }

    /// Stops the threads; the handlers' broken promises.
    func stop() async -> [String] {
        var violations: [String] = []
        for index in reactors.indices { violations += await on(index) { $0.handler.violations } }
        for reactor in reactors { reactor.stop() }
        for thread in threads { thread.join() }
        return violations
    }
}

enum LiveError: Error {
    case badAddress
    case failed(String, Int32)
}

extension ReactorLimits {
    /// Small tables, so that many reactors fit into a test process.
    static var live: ReactorLimits {
        var limits = ReactorLimits()
        limits.descriptorCountMax = 256
        limits.descriptorReserveCount = 16
        limits.receiveBufferCount = 32
        limits.submissionCountMax = 64
        limits.completionCountMax = 256
        limits.mailboxCommandCountMax = 1_024
        return limits
    }
}

/// The drivers that tests over real sockets run on.
let systemDrivers: [any SystemDriver.Type] = [UringDriver.self, EpollDriver.self]
