import Glibc
import Reactor

/// Whether the listen addresses are free.
enum ListenCheck {
    /// Listens on each address for a moment. One on which a server listens is left alone.
    static func findings(_ configuration: ServerConfiguration) -> [Finding] {
        let addresses: [(name: String, address: ListenAddress?)] = [
            ("SHOPSTREAM_LISTEN", configuration.listen), ("SHOPSTREAM_LISTEN_PLAIN", configuration.plainListen),
            ("SHOPSTREAM_METRICS_LISTEN", configuration.metricsListen),
        ]
        let inherited = configuration.inheritedSockets.addresses.compactMap(\.self)
        return addresses.compactMap { name, address in
            guard let address, !inherited.contains(where: { $0.isSame(as: address) }) else { return nil }
            do throws(ListenError) {
                for descriptor in try Listeners.open(address, count: 1).descriptors { close(descriptor) }
                return finding(nil, name: name, address: address)
            } catch {
                return finding(error, name: name, address: address)
            }
        }
    }

    /// Judges an attempt; nil: it succeeded.
    static func finding(_ error: ListenError?, name: String, address: ListenAddress) -> Finding {
        switch error {
        case nil: Finding(.listenFree, "\(address) is free")
        case .inUse:
            Finding(
                .listenInUse, "\(address) is in use, by a running server or another process",
                fix: "for a second server: --takeover, or another \(name)")
        case .failed(_, let operation, EACCES):
            Finding(
                .listenFailed, "\(address): \(operation) is not permitted",
                fix: "a port from 1024, or sysctl -w net.ipv4.ip_unprivileged_port_start=\(address.port) "
                    + "(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE)")
        case .failed(_, let operation, EADDRNOTAVAIL):
            Finding(
                .listenFailed, "\(address): \(operation) failed, this machine does not have the address",
                fix: "\(name)=0.0.0.0:\(address.port), or an address that `ip address` lists")
        case .failed(_, let operation, let errnoValue):
            Finding(.listenFailed, "\(address): \(operation) failed (errno \(errnoValue))", fix: "set \(name)")
        }
    }
}
