import CEpoll
import Glibc

/// One epoll instance and the memory for its events. The thread that created it uses it.
@safe struct EpollSet {
    // SAFETY: the kernel reads and writes locals and `events`, for as many elements as it is passed, and keeps no
    // pointer. `events` is valid until `close`.

    /// What a descriptor is watched for, and what it was found to be.
    struct Events: OptionSet {
        let rawValue: UInt32

        static let readable = Events(rawValue: EPOLLIN.rawValue)
        static let writable = Events(rawValue: EPOLLOUT.rawValue)
        /// The peer ended its sending direction, both directions have ended, or the socket has failed.
        static let ended = Events(rawValue: EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue)
        /// Both directions have ended, or the descriptor has failed.
        static let failed = Events(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
        /// The peer ended its sending direction; to be asked for.
        static let peerEnded = Events(rawValue: EPOLLRDHUP.rawValue)
        /// Reports changes only, not what has lasted since the last report.
        static let edge = Events(rawValue: EPOLLET.rawValue)
        /// Reports once, then not before it is watched again.
        static let once = Events(rawValue: EPOLLONESHOT.rawValue)
        /// Of several sets that watch the same listener, a connection wakes one.
        static let exclusive = Events(rawValue: EPOLLEXCLUSIVE.rawValue)
    }

    /// The greatest number of events that one wait takes.
    static let eventCountMax = 512

    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    /// Throws when the process or the system has no descriptor left.
    init() throws(DriverError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .resource(operation: "epoll_create1", errnoValue: errno) }
        unsafe events = .allocate(capacity: Self.eventCountMax)
    }

    /// Watches nothing any more.
    func close() {
        Glibc.close(descriptor)
        unsafe events.deallocate()
    }

    /// Watches `target`, whose events carry `token`. Returns 0 or the `errno`.
    func add(_ target: Int32, for wanted: Events, token: UInt64) -> Int32 {
        control(EPOLL_CTL_ADD, target, wanted, token)
    }

    /// Watches `target` for something else.
    func change(_ target: Int32, for wanted: Events, token: UInt64) -> Int32 {
        control(EPOLL_CTL_MOD, target, wanted, token)
    }

    /// Watches `target` no more.
    func remove(_ target: Int32) { _ = control(EPOLL_CTL_DEL, target, [], 0) }

    private func control(_ operation: Int32, _ target: Int32, _ wanted: Events, _ token: UInt64) -> Int32 {
        var event = unsafe epoll_event(events: wanted.rawValue, data: epoll_data_t(u64: token))
        return unsafe epoll_ctl(descriptor, operation, target, &event) == 0 ? 0 : errno
    }

    /// Waits for events, at most `nanoseconds`, without limit when that is nil. Returns their number.
    func wait(nanoseconds: UInt64?) -> Int {
        let capacity = Int32(Self.eventCountMax)
        guard let nanoseconds else { return unsafe max(0, Int(shim_epoll_wait(descriptor, events, capacity, nil))) }
        var timeout = shim_timespec(
            seconds: Int64(nanoseconds / 1_000_000_000), nanoseconds: Int64(nanoseconds % 1_000_000_000))
        return unsafe max(0, Int(shim_epoll_wait(descriptor, events, capacity, &timeout)))
    }

    /// An event of the last wait.
    func event(_ index: Int) -> (events: Events, token: UInt64) {
        precondition(index >= 0 && index < Self.eventCountMax, "an event that no wait wrote")
        let event = unsafe events[index]
        return unsafe (Events(rawValue: event.events), event.data.u64)
    }
}
