import CLiburing
import Glibc
import Primitives

/// The calls that create one listening socket. Each returns 0 or the `errno`. The creator closes the descriptor.
///
/// TCP_NODELAY and TCP_NOTSENT_LOWAT are set here, and accepted sockets inherit them.
struct ListeningSocket {
    // SAFETY: every call in this file reads or writes a local of the size that is passed with it, and keeps no pointer.

    let descriptor: Int32
    private let address: ListenAddress?

    /// The bytes that a connection's socket accepts beyond those in flight to the peer. They are pending messages of a
    /// slow client that the hub does not count, and without a limit there would be megabytes of them. Bytes in flight
    /// are not limited by this, so a distant or fast client still gets all that its network carries.
    private static let unsentByteCountMax: Int32 = 32 << 10

    /// A socket for `address`, not yet bound; nil, with `errno` set, when it cannot be created.
    init?(_ address: ListenAddress) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0)
        self.address = address
        guard descriptor >= 0 else { return nil }
        set(SOL_SOCKET, SO_REUSEADDR, 1)
        setOptions()
        // The address `::` accepts IPv4 as well.
        if address.isIPv6 { set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    }

    /// A socket that another process has bound; nil when the descriptor is none.
    init?(inherited descriptor: Int32) {
        self.descriptor = descriptor
        address = nil
        var type: Int32 = 0
        var byteCount = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &byteCount) == 0,
            type == Int32(SOCK_STREAM.rawValue)
        else { return nil }
    }

    /// Sets what accepted sockets inherit.
    func setOptions() {
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Self.unsentByteCountMax)
    }

    /// Lets other sockets of the same user share the address, if they allow it too.
    func allowSharing() { set(SOL_SOCKET, SO_REUSEPORT, 1) }

    /// Whether calls on the socket wait. All processes that have the socket share this.
    static func setBlocking(_ isBlocking: Bool, _ descriptor: Int32) {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
    }

    private func set(_ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    func bind(port: UInt16) -> Int32 {
        guard let address else { preconditionFailure("the socket is bound") }
        let status: Int32
        if address.isIPv6 {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            unsafe inet_pton(AF_INET6, String(address.host.dropFirst().dropLast()), &name.sin6_addr)
            status = unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            unsafe inet_pton(AF_INET, address.host, &name.sin_addr)
            status = unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        return status == 0 ? 0 : errno
    }

    func listen(backlog: Int32) -> Int32 { Glibc.listen(descriptor, backlog) == 0 ? 0 : errno }

    /// The port that the socket is bound to, which the kernel chose when it was bound to 0.
    // The port is at the same offset in both kinds of address.
    var boundPort: UInt16 { UInt16(bigEndian: boundName.sin6_port) }

    /// The address that the socket is bound to; nil when it is no IP address.
    var boundAddress: ListenAddress? {
        let name = boundName
        switch Int32(name.sin6_family) {
        case AF_INET:
            // The address of IPv4 is where IPv6 has its flow information.
            return ListenAddress("\(PeerAddress(ipv4: UInt32(bigEndian: name.sin6_flowinfo))):\(boundPort)")
        case AF_INET6:
            let host = unsafe withUnsafeBytes(of: name.sin6_addr) { bytes in
                let high = unsafe UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
                let low = unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                return PeerAddress(high: high, low: low)
            }
            return ListenAddress("[\(host)]:\(boundPort)")
        default: return nil
        }
    }

    /// The address that the socket is bound to as /proc/net/tcp and tcp6 write it (proc(5)): words of 32 bits in the order
    /// of the machine, and the port. Nil when it is no IP address.
    var procName: (text: String, isIPv6: Bool)? {
        func hex(_ number: some FixedWidthInteger) -> String {
            let digits = String(number, radix: 16, uppercase: true)
            return String(repeating: "0", count: number.bitWidth / 4 - digits.count) + digits
        }
        let name = boundName
        switch Int32(name.sin6_family) {
        case AF_INET: return ("\(hex(name.sin6_flowinfo)):\(hex(boundPort))", false)
        case AF_INET6:
            let words = unsafe withUnsafeBytes(of: name.sin6_addr) { bytes in
                (0..<4).map { unsafe hex(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
            }
            return ("\(words.joined()):\(hex(boundPort))", true)
        default: return nil
        }
    }

    private var boundName: sockaddr_in6 {
        var name = sockaddr_in6()
        var byteCount = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &byteCount)
            }
        }
        return name
    }
}

/// Why an address cannot be listened on.
public enum ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process listens there.
    case inUse(ListenAddress)
    /// A call failed.
    case failed(ListenAddress, operation: String, errnoValue: Int32)

    /// What is wrong and what to do, in one line.
    public var description: String {
        switch self {
        case .inUse(let address):
            "\(address) is in use: another server listens there, and two would split the shops between them. Stop it "
                + "first, or start with --takeover if that is meant."
        case .failed(let address, let operation, let errnoValue):
            "cannot listen on \(address): \(operation) failed (errno \(errnoValue))"
        }
    }
}
