import CLiburing
import Glibc

/// Where a server listens: an IP address and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// As it was given, with the brackets of IPv6.
    public let host: String
    /// 0 lets the kernel choose.
    public let port: UInt16
    /// Whether it is IPv6 (`::` takes IPv4 as well).
    public let isIPv6: Bool

    /// Reads `HOST:PORT`: an IPv4 address, an IPv6 address in brackets, `localhost`, or `*` for every address.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            text[text.index(after: colon)...].utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host == "*" || host.isEmpty { host = "0.0.0.0" }
        self.port = port
        if host.hasPrefix("["), host.hasSuffix("]") {
            var address = in6_addr()
            // SAFETY: the calls read or write locals and keep no pointer.
            guard unsafe inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return nil }
            isIPv6 = true
        } else {
            var address = in_addr()
            guard unsafe inet_pton(AF_INET, host, &address) == 1 else { return nil }
            isIPv6 = false
        }
        self.host = host
    }

    /// `HOST:PORT`.
    public var description: String { "\(host):\(port)" }
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

/// Listening sockets that share one address: one for each reactor, among which the kernel spreads the connections.
public enum Listeners {
    /// Opens `count` sockets with SO_REUSEPORT and returns their descriptors and the port, which the kernel chose when
    /// it was 0. Unless `isTakeover`, an address that another process listens on with SO_REUSEPORT is refused too.
    ///
    /// TCP_NODELAY is set here and inherited by what is accepted. The caller owns the descriptors.
    public static func open(
        _ address: ListenAddress, count: Int, backlog: Int32 = 4_096, isTakeover: Bool = false
    ) throws(ListenError) -> (descriptors: [Int32], port: UInt16) {
        if !isTakeover, address.port != 0 {
            // Without SO_REUSEPORT a bind fails when anyone listens there.
            let probe = try makeSocket(address, isShared: false)
            let status = bind(probe, address, port: address.port)
            Glibc.close(probe)
            guard status == 0 else {
                throw status == EADDRINUSE
                    ? .inUse(address) : .failed(address, operation: "bind", errnoValue: status)
            }
        }
        var descriptors: [Int32] = []
        var port = address.port
        do throws(ListenError) {
            for _ in 0..<count {
                let descriptor = try makeSocket(address, isShared: true)
                descriptors.append(descriptor)
                let status = bind(descriptor, address, port: port)
                guard status == 0 else {
                    throw status == EADDRINUSE
                        ? .inUse(address) : .failed(address, operation: "bind", errnoValue: status)
                }
                guard listen(descriptor, backlog) == 0 else {
                    throw .failed(address, operation: "listen", errnoValue: errno)
                }
                if port == 0 { port = boundPort(descriptor) }
            }
        } catch {
            for descriptor in descriptors { Glibc.close(descriptor) }
            throw error
        }
        return (descriptors, port)
    }

    private static func makeSocket(_ address: ListenAddress, isShared: Bool) throws(ListenError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { throw .failed(address, operation: "socket", errnoValue: errno) }
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if isShared { setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if address.isIPv6 { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        return descriptor
    }

    private static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// 0, or the `errno`.
    private static func bind(_ descriptor: Int32, _ address: ListenAddress, port: UInt16) -> Int32 {
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

    private static func boundPort(_ descriptor: Int32) -> UInt16 {
        var name = sockaddr_in6()
        var byteCount = socklen_t(MemoryLayout<sockaddr_in6>.size)
        // The port stands at the same place in both kinds of address.
        _ = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &byteCount)
            }
        }
        return UInt16(bigEndian: name.sin6_port)
    }
}
