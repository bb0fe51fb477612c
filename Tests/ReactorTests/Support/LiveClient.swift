import Glibc

/// A blocking TCP client on loopback; no call waits longer than two minutes.
struct LiveClient: Sendable {
    let descriptor: Int32

    /// MSG_NOSIGNAL, in the type that `send` wants.
    private static let noSignalFlag = Int32(MSG_NOSIGNAL)

    /// Connects to 127.0.0.1, from `sourceHost` when it is given; a small receive buffer makes a slow reader.
    init(port: UInt16, from sourceHost: UInt32? = nil, receiveBufferByteCount: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        if var byteCount = receiveBufferByteCount {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &byteCount, 4)
        }
        if let sourceHost {
            try unsafe call("bind", host: sourceHost, port: 0) { unsafe bind(descriptor, $0, $1) }
        }
        try unsafe call("connect", host: 0x7f00_0001, port: port) { address, byteCount in
            // As for `read`; on Linux a second connect(2) waits for the first one's outcome.
            var status: Int32
            repeat { status = unsafe connect(descriptor, address, byteCount) } while status < 0 && errno == EINTR
            return status
        }
    }

    private func call(
        _ name: String, host: UInt32, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let status = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let errnoValue = errno
            Glibc.close(descriptor)
            throw LiveError.failed(name, errnoValue)
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8]) throws {
        var sentCount = 0
        while sentCount < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe send(
                    descriptor, $0.baseAddress.unsafelyUnwrapped + sentCount, bytes.count - sentCount,
                    Self.noSignalFlag)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw LiveError.failed("send", errno) }
            sentCount += count
        }
    }

    /// Reads up to `byteCountMax` bytes; empty at the end of the stream.
    func read(byteCountMax: Int = 65_536) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        // A call with a time limit is not begun again by itself after a signal, such as that of a child's end (signal(7)).
        var count: Int
        repeat {
            count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw LiveError.failed("recv", errno) }
        bytes.removeLast(byteCountMax - count)
        return bytes
    }

    /// Reads exactly `count` bytes, or fewer when the stream ends.
    func read(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let part = try read(byteCountMax: min(count - bytes.count, 65_536))
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }

    func end() { _ = shutdown(descriptor, Int32(SHUT_WR)) }
    func close() { Glibc.close(descriptor) }
}
