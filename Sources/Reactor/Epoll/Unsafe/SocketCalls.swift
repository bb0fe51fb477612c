import CEpoll
import CLiburing
import Glibc
import Primitives

/// The calls on sockets that never wait. Each returns its result or a negated `errno`.
enum SocketCalls {
    // SAFETY: every call reads or writes the caller's bytes, or a local, for the count that is passed with it, and keeps
    // no pointer.

    static func receive(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer) -> Int32 {
        result(unsafe recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT)))
    }

    static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        return result(unsafe Glibc.send(descriptor, bytes.baseAddress, min(bytes.count, Int(Int32.max)), flags))
    }

    /// A connection of a listener; its descriptor never blocks.
    static func accept(_ listener: Int32) -> Int32 {
        shim_accept(listener, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
    }

    static func shutdown(_ descriptor: Int32, isBothDirections: Bool) -> Int32 {
        result(Int(Glibc.shutdown(descriptor, Int32(isBothDirections ? SHUT_RDWR : SHUT_WR))))
    }

    /// The `errno` of a connect that has ended, or 0.
    static func connectOutcome(_ descriptor: Int32) -> Int32 {
        var outcome: Int32 = 0
        var byteCount = socklen_t(MemoryLayout<Int32>.size)
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &outcome, &byteCount)
        return status == 0 ? outcome : errno
    }

    /// The peer's address; nil when there is no peer any more.
    static func peerAddress(_ descriptor: Int32) -> PeerAddress? {
        let cell = UnsafeMutableRawPointer.allocate(byteCount: AddressTable.cellByteCount, alignment: 8)
        defer { unsafe cell.deallocate() }
        var byteCount = socklen_t(AddressTable.cellByteCount)
        guard unsafe getpeername(descriptor, cell.assumingMemoryBound(to: sockaddr.self), &byteCount) == 0 else {
            return nil
        }
        return unsafe AddressTable.address(in: cell)
    }

    /// A TCP socket with TCP_NODELAY for a connection to an address of the family.
    static func make(isIPv4: Bool) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(isIPv4 ? AF_INET : AF_INET6, type, 0)
        if descriptor >= 0 { set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY) }
        return result(Int(descriptor))
    }

    /// Binds a socket to an address; it gets its port when it connects.
    static func bind(_ descriptor: Int32, to source: PeerAddress) -> Int32 {
        set(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT)
        return unsafe withName(source, port: 0) { name, byteCount in
            result(Int(unsafe Glibc.bind(descriptor, name, byteCount)))
        }
    }

    /// Begins to connect; `-EINPROGRESS` when that takes time.
    static func connect(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
        unsafe withName(address.host, port: address.port) { name, byteCount in
            result(Int(unsafe Glibc.connect(descriptor, name, byteCount)))
        }
    }

    private static func withName(
        _ host: PeerAddress, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        let addresses = SubmittedAddresses(entryCount: 1)
        defer { addresses.deallocate() }
        let name = unsafe addresses.write(host, port: port, entryIndex: 0)
        guard let start = name.baseAddress else { return -EINVAL }
        return unsafe body(start.assumingMemoryBound(to: sockaddr.self), socklen_t(name.count))
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32) {
        var enabled: Int32 = 1
        _ = unsafe setsockopt(descriptor, level, name, &enabled, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func result(_ status: Int) -> Int32 { status < 0 ? -errno : Int32(clamping: status) }
}
