import CLiburing
import Glibc
import Primitives

/// The thread of a reactor.
public struct ReactorThread: Sendable {
    private let handle: pthread_t

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that runs `body` and ends with it. Its name (at most 15 bytes) appears in `top -H` and `perf`.
    ///
    /// All signals are blocked in this thread; another thread waits for them.
    public init(name: String, body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        let status = unsafe pthread_create(
            &handle, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                // SAFETY: the start was retained for this thread alone.
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe shim_name_this_thread(String(start.name.prefix(15)))
                start.body()
                return nil
            }, start.toOpaque())
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        precondition(status == 0, "no thread can be made (errno \(status))")
        self.handle = handle
    }

    /// Waits until the thread ends; call it once.
    public func join() {
        pthread_join(handle, nil)
    }

    /// Binds the calling thread to one processor; false when there is no such processor.
    @discardableResult
    public static func pinCurrent(toProcessor processor: Int) -> Bool {
        shim_pin_this_thread(UInt32(processor)) == 0
    }

    /// Limits how late the kernel may end timed waits of the calling thread (50 µs by default, to combine wake-ups):
    /// for a thread that acts at exact times.
    public static func setCurrentTimerSlack(_ slack: Duration) {
        shim_set_timer_slack(UInt(max(1, slack.wholeNanoseconds)))
    }
}
