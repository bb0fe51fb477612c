import Glibc
import Logging
import Primitives
import Reactor
import Synchronization

/// The signals of the process, as requests.
///
/// SIGTERM, SIGINT, SIGQUIT, SIGXCPU and SIGPWR stop the server. SIGHUP reads files again. The others whose default
/// would end the process are ignored: a dead peer is an error of its send, and a file that may not grow is an error of
/// its write.
///
/// The thread that receives them also bounds the stop: `ServerLimits.hardStopWait` after the first stop signal it ends
/// the process with `ServerLimits.hardStopStatus`, whatever hangs. It waits for nothing but signals and the clock.
///
/// Handlers rather than a blocked mask and `sigwait`, because the runtime's own threads have masks of their own.
public struct ProcessSignals: Sendable {
    /// What a signal requests.
    public enum Request: Sendable {
        /// Stop, once.
        case stop
        /// Stop without waiting for clients: another stop signal arrived, a second or more after the first.
        case hasten
        /// Read keys and members again.
        case reload
    }

    private static let bell = EventBell()
    private static let stopping = [SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGPWR]
    private static let ignored =
        [SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT]
        + Array(__libc_current_sigrtmin()...__libc_current_sigrtmax())

    /// The requests in the order of their signals, until `serverStopped`.
    public let requests: AsyncStream<Request>
    private let continuation: AsyncStream<Request>.Continuation
    private let progress = Progress()

    private final class Progress: Sendable {
        let isStarted = Atomic<Bool>(false)
        /// The whole seconds of `hardStopWait`'s extension.
        let extraStopSeconds = Atomic<Int64>(0)
    }

    /// Installs the handlers and starts the thread that receives the signals.
    public init() {
        (requests, continuation) = AsyncStream.makeStream()
        _ = Self.bell
        for number in Self.stopping + [SIGHUP] {
            signal(number) { number in
                // The interrupted code may be about to read its own `errno`.
                let interrupted = errno
                ProcessSignals.bell.ring(UInt8(truncatingIfNeeded: number))
                errno = interrupted
            }
        }
        for number in Self.ignored { signal(number, SIG_IGN) }
        _ = ReactorThread(name: "signals") { [self] in hear() }
    }

    /// The server has started: a stop signal now drains it, which may take `extraStopWait` longer than usual. Before
    /// this, there is nothing to drain, and the process ends at once.
    public func serverStarted(extraStopWait: Duration) {
        progress.extraStopSeconds.store(extraStopWait.components.seconds, ordering: .relaxed)
        progress.isStarted.store(true, ordering: .releasing)
    }

    /// The server has stopped: no request follows.
    public func serverStopped() { continuation.finish() }

    // MARK: - The thread

    private func hear() {
        var stop: (begin: MonotonicInstant, deadline: MonotonicInstant)?
        while true {
            let bytes = Self.bell.wait(atMost: stop.map { $0.deadline.since(EventBell.now) })
            let now = EventBell.now
            if let stop, now >= stop.deadline { Self.endProcess() }
            for byte in bytes {
                if Int32(byte) == SIGHUP {
                    if stop == nil { continuation.yield(.reload) }
                } else if let running = stop {
                    // A terminal and a script may both signal the same stop.
                    guard now >= running.begin + ServerLimits.signalPairWait else { continue }
                    stop?.deadline = min(running.deadline, now + ServerLimits.hastenedStopWait)
                    continuation.yield(.hasten)
                } else {
                    guard progress.isStarted.load(ordering: .acquiring) else {
                        LogWriter.standardError.flush()
                        _exit(0)
                    }
                    let extraWait = Duration.seconds(progress.extraStopSeconds.load(ordering: .relaxed))
                    stop = (now, now + ServerLimits.hardStopWait + extraWait)
                    continuation.yield(.stop)
                }
            }
        }
    }

    private static func endProcess() -> Never {
        Logger(label: "shopstream").critical("the stop did not end in time: the process is ended")
        LogWriter.standardError.flush()
        _exit(ServerLimits.hardStopStatus)
    }
}
