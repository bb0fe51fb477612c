import Glibc
import Primitives
import Synchronization

/// A loop on a thread of its own, with poll(2): for commands, the start of a server, and tests. A server's reactors are
/// loops themselves.
package final class ThreadSocketLoop: SocketLoop, @unchecked Sendable {
    // @unchecked: `polls` and `timers` belong to the loop's thread; a lock protects `inbox`.
    private struct Poll {
        let id: PollID
        let descriptor: Int32
        let direction: PollDirection
        let client: any SocketLoopClient
    }

    private struct Inbox {
        var bodies: [@Sendable () -> Void] = []
        var isStopping = false
        var hasEnded = false
    }

    private let inbox = Mutex(Inbox())
    /// The two ends of a pipe. A byte in it ends the wait.
    private let wakeEnds: (reading: Int32, writing: Int32)
    private let thread = Mutex<pthread_t?>(nil)
    private var polls: [Poll] = []
    private var timers: [(at: MonotonicInstant, client: any SocketLoopClient)] = []
    private var pollCount: UInt64 = 0

    /// Starts the thread, which keeps the loop alive. Call `stop` to end it.
    package init() {
        var ends: [Int32] = [-1, -1]
        // SAFETY: the call fills the two elements of the local and keeps no pointer.
        precondition(unsafe pipe(&ends) == 0, "no pipe can be made (errno \(errno))")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            // A full pipe needs no further byte, and reading an empty one must not block the loop.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wakeEnds = (ends[0], ends[1])
        var handle = pthread_t()
        var all = sigset_t()
        var before = sigset_t()
        // SAFETY: the sets and the handle are locals that the calls fill; the loop was retained for its thread alone.
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
        let status = unsafe pthread_create(
            &handle, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<ThreadSocketLoop>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        precondition(status == 0, "no thread can be made (errno \(status))")
        thread.withLock { $0 = handle }
        pthread_detach(handle)
    }

    deinit {
        close(wakeEnds.reading)
        close(wakeEnds.writing)
    }

    /// Ends the thread after it has run the bodies that it was given. Any thread.
    package func stop() {
        inbox.withLock { $0.isStopping = true }
        wake()
    }

    /// The monotonic clock.
    package var now: MonotonicInstant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// See `SocketLoop`.
    package var isCurrent: Bool {
        thread.withLock { handle in handle.map { pthread_equal(pthread_self(), $0) != 0 } ?? false }
    }

    /// See `SocketLoop`.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { return body() }
        let hasEnded = inbox.withLock { inbox in
            // The loop's thread has ended, so the caller runs it, under the lock, one at a time. Requests to an ended
            // loop fail at once.
            if inbox.hasEnded { body() } else { inbox.bodies.append(body) }
            return inbox.hasEnded
        }
        if !hasEnded { wake() }
    }

    /// See `SocketLoop`.
    package func poll(
        _ descriptor: Int32, for direction: PollDirection, client: any SocketLoopClient
    ) -> PollID {
        pollCount += 1
        let id = PollID(number: pollCount)
        polls.append(Poll(id: id, descriptor: descriptor, direction: direction, client: client))
        return id
    }

    /// See `SocketLoop`.
    package func cancel(_ poll: PollID) { polls.removeAll { $0.id == poll } }

    /// See `SocketLoop`.
    package func schedule(at time: MonotonicInstant, client: any SocketLoopClient) {
        timers.append((time, client))
    }

    private func wake() {
        var byte: UInt8 = 1
        // SAFETY: one byte of a local is read before the call returns.
        _ = unsafe write(wakeEnds.writing, &byte, 1)
    }

    private func run() {
        thread.withLock { $0 = pthread_self() }
        while true {
            let (bodies, isStopping) = inbox.withLock { inbox in
                defer { inbox.bodies = [] }
                inbox.hasEnded = inbox.isStopping && inbox.bodies.isEmpty
                return (inbox.bodies, inbox.isStopping)
            }
            for body in bodies { body() }
            if isStopping {
                if bodies.isEmpty { return }
                // The wake-up for the stop may have been consumed together with that for the bodies.
                continue
            }
            wait()
            let now = now
            let due = timers.filter { $0.at <= now }
            timers.removeAll { $0.at <= now }
            for timer in due { timer.client.timerFired() }
        }
    }

    /// Waits for a descriptor, a wake-up or the next timer, and notifies the clients whose descriptors are ready.
    private func wait() {
        var entries = [pollfd(fd: wakeEnds.reading, events: Int16(POLLIN), revents: 0)]
        for poll in polls {
            let events = poll.direction == .reading ? POLLIN : POLLOUT
            entries.append(pollfd(fd: poll.descriptor, events: Int16(events), revents: 0))
        }
        let pause = timers.map(\.at).min().map { $0.since(now).wholeNanoseconds / 1_000_000 + 1 }
        // SAFETY: the kernel writes to the entries of the array before the call returns.
        _ = unsafe Glibc.poll(&entries, nfds_t(entries.count), pause.map { Int32(clamping: $0) } ?? -1)
        if entries[0].revents != 0 {
            var bytes: [UInt8] = Array(repeating: 0, count: 256)
            _ = unsafe read(wakeEnds.reading, &bytes, bytes.count)
        }
        let ready = zip(polls, entries.dropFirst()).filter { $0.1.revents != 0 }.map(\.0)
        polls.removeAll { poll in ready.contains { $0.id == poll.id } }
        for poll in ready { poll.client.pollCompleted(poll.id) }
    }
}
