import Glibc
import Primitives

/// A TCP connection of a thread that may wait: each call ends by a deadline. Closed in `deinit`.
final class BlockingSocket {
    /// Why a call failed, as the system says it.
    struct Failure: Error {
        let reason: String
    }

    private let descriptor: Int32

    /// Connects to the first address of the host that answers.
    init(host: String, port: UInt16, deadline: ContinuousClock.Instant) throws(Failure) {
        descriptor = try Self.connect(host: host, port: port, deadline)
    }

    deinit { close(descriptor) }

    private static func connect(
        host: String, port: UInt16, _ deadline: ContinuousClock.Instant
    ) throws(Failure) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // SAFETY: the list is freed when it was read; the calls copy the addresses.
        let status = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard status == 0 else { throw Failure(reason: unsafe String(cString: gai_strerror(status))) }
        defer { unsafe freeaddrinfo(found) }
        var failure = Failure(reason: "the host has no address")
        var next = unsafe found
        while let address = unsafe next {
            unsafe next = address.pointee.ai_next
            do throws(Failure) {
                return try unsafe connect(address.pointee, deadline)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func connect(
        _ address: addrinfo, _ deadline: ContinuousClock.Instant
    ) throws(Failure) -> Int32 {
        let type = unsafe address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(address.ai_family, type, address.ai_protocol)
        guard descriptor >= 0 else { throw Self.failure() }
        do throws(Failure) {
            // SAFETY: the address is in the caller's list.
            if unsafe Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
                guard errno == EINPROGRESS else { throw Self.failure() }
                try wait(descriptor, POLLOUT, deadline)
                var status: Int32 = 0
                var byteCount = socklen_t(MemoryLayout<Int32>.size)
                // SAFETY: the call writes the locals.
                guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &byteCount) == 0 else {
                    throw Self.failure()
                }
                errno = status
                guard status == 0 else { throw Self.failure() }
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Sends all bytes.
    func send(_ bytes: [UInt8], deadline: ContinuousClock.Instant) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the call reads the rest of the array, and keeps no pointer.
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                try Self.wait(descriptor, POLLOUT, deadline)
            } else if errno != EINTR {
                throw Self.failure()
            }
        }
    }

    /// Receives some bytes; none at the end of the connection.
    func receive(deadline: ContinuousClock.Instant) throws(Failure) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            // SAFETY: the call writes at most as many bytes as the array has.
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count >= 0 { return Array(buffer.prefix(count)) }
            if errno == EAGAIN {
                try Self.wait(descriptor, POLLIN, deadline)
            } else if errno != EINTR {
                throw Self.failure()
            }
        }
    }

    private static func wait(
        _ descriptor: Int32, _ event: Int32, _ deadline: ContinuousClock.Instant
    ) throws(Failure) {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw Failure(reason: "no answer in time") }
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            let milliseconds = Int32(clamping: left.wholeNanoseconds / 1_000_000 + 1)
            // SAFETY: the call writes the local.
            let status = unsafe poll(&entry, 1, milliseconds)
            if status > 0 { return }
            guard status == 0 || errno == EINTR else { throw failure() }
        }
    }

    private static func failure() -> Failure {
        // SAFETY: the text is copied before another call of this thread.
        Failure(reason: unsafe String(cString: strerror(errno)))
    }
}
