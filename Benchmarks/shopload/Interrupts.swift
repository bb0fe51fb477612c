import Glibc
import Synchronization

/// Ctrl-C and SIGTERM: the first ends the run with a report of what there is, the second ends the program.
enum Interrupts {
    private static let count = Atomic<Int>(0)

    /// Takes the signals from here on.
    static func take() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                // An atomic addition is all that a handler may do, and leaving.
                if Interrupts.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
            }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Leaves them to another process: a worker's end is its leader's affair.
    static func ignore() {
        signal(SIGINT, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Whether one came.
    static var areRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
