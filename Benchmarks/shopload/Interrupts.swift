import Glibc
import Synchronization

/// Ctrl-C and SIGTERM: the first one ends the run with a report of the results so far, the second ends the program.
enum Interrupts {
    private static let count = Atomic<Int>(0)

    /// Handles the signals from here on.
    static func take() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                // A signal handler may only do an atomic addition and exit.
                if Interrupts.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
            }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Ignores Ctrl-C and SIGPIPE in a worker: the leading process ends its workers.
    static func ignore() {
        signal(SIGINT, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Whether a signal arrived.
    static var areRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
