import Glibc

/// Listening sockets that share one address: one for each reactor, among which the kernel spreads the connections.
public enum Listeners {
    /// Opens `count` sockets with SO_REUSEPORT and returns their descriptors and the port, which the kernel chose when
    /// it was 0. The caller owns the descriptors.
    ///
    /// Unless `isTakeover`, an address that another process listens on is refused even if that one shares it
    /// (`ListenError.inUse`); of several that open at the same moment exactly one succeeds. The kernel decides: the
    /// first socket is bound and listens without SO_REUSEPORT. `listen` looks for conflicts once more and under the
    /// lock of the port, where sockets that are only bound are none (SO_REUSEADDR), and one that listens is one. Only
    /// then does the first socket allow others, and the rest join it.
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
