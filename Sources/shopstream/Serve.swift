import ArgumentParser
import Glibc
import Logging
import Reactor
import Server

/// `shopstream serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the server until SIGTERM or SIGINT.")

    @Option(help: "Where to listen: HOST:PORT (SHOPSTREAM_LISTEN; default 127.0.0.1:8080).")
    var listen: String?
    @OptionGroup var storeOptions: StoreOptions
    @Option(help: "Reactor threads (SHOPSTREAM_REACTORS; default: one for each processor).")
    var reactors: String?
    @Option(help: "A file of members, lines of shop_id,user_id,role (SHOPSTREAM_MEMBERS).")
    var members: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (SHOPSTREAM_LOG_LEVEL; default info).")
    var logLevel: String?
    @Flag(help: "Make a demo shop and serve a page to try it (SHOPSTREAM_DEMO).")
    var demo = false
    @Flag(help: "Start although another server listens there (SHOPSTREAM_TAKEOVER).")
    var takeover = false

    func run() async throws {
        var settings = Settings()
        settings.set("SHOPSTREAM_LISTEN", listen)
        settings.set("SHOPSTREAM_STORE", storeOptions.store)
        settings.set("SHOPSTREAM_REACTORS", reactors)
        settings.set("SHOPSTREAM_MEMBERS", members)
        settings.set("SHOPSTREAM_LOG_LEVEL", logLevel)
        if demo { settings.set("SHOPSTREAM_DEMO", "true") }
        if takeover { settings.set("SHOPSTREAM_TAKEOVER", "true") }
        let configuration = try settings.configuration()
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        LoggingSystem.bootstrap { _ in StructuredLogHandler(level: level) }

        // Before any thread starts, so that all of them leave these signals to the one that waits.
        let signals = StopSignals()
        let server: ShopstreamServer
        do throws(StartError) {
            server = try await ShopstreamServer(configuration, log: Logger(label: "shopstream"))
        } catch {
            throw Exit.failure(error.description, status: error.exitStatus)
        }
        await signals.wait()
        await server.stop()
    }
}

/// SIGTERM and SIGINT, taken as events. SIGPIPE and SIGXFSZ are ignored: a dead peer is an error of its send, a file that
/// may not grow one of its write.
///
/// Handlers rather than a blocked mask and `sigwait`: the runtime's own threads have masks of their own.
struct StopSignals {
    /// The two ends of a pipe: a handler may do little more than write.
    private static let pipeEnds: (reading: Int32, writing: Int32) = {
        var ends: [Int32] = [-1, -1]
        // SAFETY: the call fills the two elements of the local and keeps no pointer.
        let status = unsafe pipe(&ends)
        precondition(status == 0, "no pipe can be made (errno \(errno))")
        return (ends[0], ends[1])
    }()

    /// Takes the signals from here on.
    init() {
        precondition(Self.pipeEnds.writing >= 0)
        for number in [SIGTERM, SIGINT] {
            signal(number) { _ in
                // The code that was interrupted may be about to read its own `errno`.
                let interrupted = errno
                // SAFETY: `write` may be called in a signal handler, and it reads one byte of a local.
                var byte: UInt8 = 1
                _ = unsafe write(StopSignals.pipeEnds.writing, &byte, 1)
                errno = interrupted
            }
        }
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    }

    /// Returns when one of them came. Waits on a thread of its own.
    func wait() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            _ = ReactorThread(name: "signals") {
                var byte: UInt8 = 0
                while unsafe read(Self.pipeEnds.reading, &byte, 1) < 0, errno == EINTR {}
                continuation.resume()
            }
        }
    }
}
