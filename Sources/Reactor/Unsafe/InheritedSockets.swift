import Glibc
import Primitives

/// Listening sockets that the service manager opened and passed to this process (sd_listen_fds(3)): they outlive the
/// process, so that connections wait in their queues while it is replaced.
///
/// They begin at descriptor 3. The variable `LISTEN_FDS` has their number, and `LISTEN_PID` the process that they are
/// for. A socket serves the listener whose address it is bound to.
public struct InheritedSockets: Sendable {
    private static let firstDescriptor: Int32 = 3
    private static let countMax: Int32 = 64

    private let sockets: [(descriptor: Int32, address: ListenAddress?)]

    /// The sockets that the environment names; none when they are for another process.
    public init(environment: [String: String]) {
        guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == getpid(),
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0, count <= Self.countMax
        else {
            sockets = []
            return
        }
        sockets = (0..<count).map { offset in
            let descriptor = Self.firstDescriptor + offset
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return (descriptor, ListeningSocket(inherited: descriptor)?.boundAddress)
        }
    }

    /// The addresses of the sockets, in their order; nil for one that is no socket of TCP.
    public var addresses: [ListenAddress?] { sockets.map(\.address) }

    /// `count` descriptors of the socket that is bound to the address, which accept from one queue; nil when there is
    /// none. The caller owns them.
    public func take(_ address: ListenAddress, count: Int, backlog: Int32 = 4_096) throws(ListenError) -> [Int32]? {
        guard let index = sockets.firstIndex(where: { $0.address?.isSame(as: address) == true }),
            let socket = ListeningSocket(inherited: sockets[index].descriptor)
        else { return nil }
        socket.setOptions()
        let status = socket.listen(backlog: backlog)
        guard status == 0 else { throw .failed(address, operation: "listen", errnoValue: status) }
        var descriptors = [socket.descriptor]
        while descriptors.count < count {
            let copy = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else {
                let failure = errno
                for descriptor in descriptors { Glibc.close(descriptor) }
                throw .failed(address, operation: "dup", errnoValue: failure)
            }
            descriptors.append(copy)
        }
        return descriptors
    }
}
