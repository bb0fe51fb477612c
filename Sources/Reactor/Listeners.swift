import Glibc

/// Listening sockets that share one address: one for each reactor. The kernel distributes the connections among them.
public enum Listeners {
    /// Opens `count` sockets with SO_REUSEPORT. Returns their descriptors and the port, which the kernel chose when it
    /// was 0. The caller owns the descriptors.
    ///
    /// Unless `isTakeover`, an address on which another process listens is rejected (`ListenError.inUse`), even if that
    /// process shares it. When several processes open the address at the same moment, exactly one succeeds. The kernel
    /// decides this: the first socket binds and listens without SO_REUSEPORT. `listen` checks for conflicts again,
    /// under the lock of the port. There a socket that is only bound does not conflict (SO_REUSEADDR), and a socket
    /// that listens does. Only after that does the first socket allow sharing, and the other sockets join it.
    public static func open(
        _ address: ListenAddress, count: Int, backlog: Int32 = 4_096, isTakeover: Bool = false
    ) throws(ListenError) -> (descriptors: [Int32], port: UInt16) {
        var descriptors: [Int32] = []
        var port = address.port
        do throws(ListenError) {
            for index in 0..<count {
                guard let socket = ListeningSocket(address) else {
                    throw .failed(address, operation: "socket", errnoValue: errno)
                }
                descriptors.append(socket.descriptor)
                let isClaim = index == 0 && !isTakeover
                if !isClaim { socket.allowSharing() }
                try check(socket.bind(port: port), "bind", address)
                try check(socket.listen(backlog: backlog), "listen", address)
                if isClaim { socket.allowSharing() }
                if port == 0 { port = socket.boundPort }
            }
        } catch {
            for descriptor in descriptors { Glibc.close(descriptor) }
            throw error
        }
        return (descriptors, port)
    }

    private static func check(
        _ status: Int32, _ operation: String, _ address: ListenAddress
    ) throws(ListenError) {
        guard status != 0 else { return }
        throw status == EADDRINUSE ? .inUse(address) : .failed(address, operation: operation, errnoValue: status)
    }
}
