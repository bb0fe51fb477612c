import ArgumentParser
import CAllocationCounter
import Glibc
import Primitives
import Reactor

/// Compares the CPU per delivery of the hub on io_uring with that of a plain loop of `send` over the same sockets, in
/// one run.
@main
struct Fanout: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures the CPU of a delivery against a loop of send() over the same sockets.",
        discussion: "Hypothesis: one batched submission costs less than as many system calls. The two ways take turns.")

    @Option(help: "Subscribers of the one shop.")
    var subscribers = 1_000
    @Option(help: "Messages a second.")
    var rate = 100
    @Option(help: "Bytes of a message.")
    var payload = 500
    @Option(help: "Seconds of one turn of one way.")
    var seconds = 2
    @Option(help: "Turns of each way.")
    var rounds = 9
    @Option(help: "The processor of the sender; the reader gets the next.")
    var processor = 0
    @Option(help: .hidden)
    var readerPort: UInt16?

    func run() throws {
        if let readerPort {
            throw ExitCode(Reader.run(port: readerPort, count: subscribers, processor: processor))
        }
        ReactorThread.pinCurrent(toProcessor: processor)
        var limits = ReactorLimits()
        limits.descriptorCountMax = subscribers + 256
        limits.installsDescriptors = true
        let reactor = FanoutHandler.FanoutReactor(driver: try UringDriver(limits: limits), limits: limits)
        let handler = FanoutHandler(reactor: reactor, payloadByteCount: payload)
        reactor.attach(handler)
        guard let address = ListenAddress("127.0.0.1:0") else { return }
        let (listeners, port) = try Listeners.open(address, count: 1)
        reactor.startAccepting(listeners[0])
        let reader = try startReader(port: port)
        defer {
            kill(reader, SIGTERM)
            var status: Int32 = 0
            unsafe waitpid(reader, &status, 0)
        }
        while handler.connections.count < subscribers { turn(reactor) }
        for connection in handler.connections { handler.descriptors.append(install(connection, reactor)) }
        measure(reactor, handler)
    }

    private func measure(_ reactor: FanoutHandler.FanoutReactor, _ handler: FanoutHandler) {
        let count = rate * seconds
        let interval = Duration.nanoseconds(1_000_000_000 / rate)
        var figures: [FanoutHandler.Way: [Double]] = [.hub: [], .sendLoop: []]
        var allocations: UInt64 = 0
        for round in 0...rounds {
            for way in FanoutHandler.Way.allCases {
                let before = threadMicroseconds()
                let allocationsBefore = allocation_count()
                handler.begin(way, count: count, interval: interval)
                while handler.remainingCount > 0 { reactor.turn() }
                let used = threadMicroseconds() - before
                // The first round warms up.
                guard round > 0 else { continue }
                figures[way, default: []].append(used / Double(count * subscribers))
                if way == .hub { allocations += allocation_count() - allocationsBefore }
            }
        }
        let hub = (figures[.hub] ?? []).sorted()
        let loop = (figures[.sendLoop] ?? []).sorted()
        let ratios = zip(figures[.hub] ?? [], figures[.sendLoop] ?? []).map { $0 / $1 }.sorted()
        print("\(subscribers) subscribers, \(rate) messages/s of \(payload) bytes, \(rounds) x \(seconds) s each way")
        print("way                 min    median       max   (us of CPU a delivery, user and system)")
        print("hub on io_uring  \(row(hub))")
        print("send() loop      \(row(loop))")
        print("ratio            \(row(ratios))")
        print("allocations a delivery: \(Double(allocations) / Double(count * subscribers * rounds))")
        print("sends that fell short: \(handler.shortCount)")
    }

    private func row(_ sorted: [Double]) -> String {
        func cell(_ value: Double) -> String {
            let text = String((value * 1_000).rounded() / 1_000)
            return String(repeating: " ", count: max(0, 9 - text.utf8.count)) + text
        }
        guard let first = sorted.first, let last = sorted.last else { return "" }
        return cell(first) + " " + cell(sorted[sorted.count / 2]) + " " + cell(last)
    }

    /// `RUSAGE_THREAD` of Linux, which the C library exposes only to GNU programs.
    private static let rusageThread: Int32 = 1

    /// User and system time of this thread, in microseconds.
    private func threadMicroseconds() -> Double {
        var usage = rusage()
        unsafe getrusage(Self.rusageThread, &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }

    /// Runs one turn of the reactor with a short wait.
    private func turn(_ reactor: FanoutHandler.FanoutReactor) {
        _ = reactor.schedule(at: reactor.now + .milliseconds(10), token: FanoutHandler.idleToken)
        reactor.turn()
    }

    private func install(_ connection: ConnectionID, _ reactor: FanoutHandler.FanoutReactor) -> Int32 {
        reactor.io.install(slot: connection.slot, tag: CompletionTag(.install, connection))
        while true {
            turn(reactor)
            if let descriptor = reactor.takeInstalledDescriptor() { return descriptor }
        }
    }

    /// Starts this program again as the reader, on the next processor.
    private func startReader(port: UInt16) throws -> pid_t {
        let arguments = [
            CommandLine.arguments[0], "--reader-port", "\(port)", "--subscribers", "\(subscribers)", "--processor",
            "\(processor + 1)",
        ]
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        var process: pid_t = 0
        let status = unsafe posix_spawn(&process, "/proc/self/exe", nil, nil, pointers, environ)
        guard status == 0 else { throw ValidationError("the reader does not start (errno \(status))") }
        return process
    }
}
