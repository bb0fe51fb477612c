import Glibc
import Primitives
import Reactor

/// The service manager that started the process, if it wants to know the state of the process (sd_notify(3)): systemd
/// does for units with `Type=notify`.
///
/// `NOTIFY_SOCKET` names a datagram socket: a path, or after `@` a name of the abstract namespace.
public struct ServiceManager: Sendable {
    /// A state of the process.
    public enum State: Sendable {
        /// Requests are served, with the files that were read last.
        case ready
        /// Files are being read again; `ready` follows.
        case reloading
        /// The stop has begun.
        case stopping
    }

    /// `sun_path` of the socket, without the zero at its end; nil without a service manager.
    private let path: [UInt8]?

    /// The service manager that the environment names; none when it names no socket that can be used.
    public init(environment: [String: String]) {
        var bytes = Array((environment["NOTIFY_SOCKET"] ?? "").utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        let isUsable = bytes.count > 1 && bytes.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        path = isUsable && (isAbstract || bytes.first == UInt8(ascii: "/")) ? bytes : nil
    }

    /// Sends the state to the service manager. Never blocks: a service manager whose queue is full, or that is gone,
    /// misses the notification.
    public func notify(_ state: State) {
        guard let path else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let text = Array(Self.text(of: state, at: EventBell.now.nanoseconds / 1_000).utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `init` made the path shorter than `sun_path`.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        // A name of the abstract namespace ends where the length says, a path with its zero.
        let length = MemoryLayout<sa_family_t>.size + path.count + (path[0] == 0 ? 0 : 1)
        // SAFETY: the call reads the two locals, of these lengths, and keeps no pointer.
        unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe sendto(
                    descriptor, text, text.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), address,
                    socklen_t(length))
            }
        }
    }

    /// The notification. That of a reload has the monotonic time, by which the service manager knows that it is later
    /// than its own request.
    static func text(of state: State, at microseconds: UInt64) -> String {
        switch state {
        case .ready: "READY=1\n"
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(microseconds)\n"
        case .stopping: "STOPPING=1\n"
        }
    }
}
