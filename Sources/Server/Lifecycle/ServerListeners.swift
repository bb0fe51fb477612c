import Glibc
import Reactor

/// The listening sockets of a server: one for each reactor at each public address, and that of the metrics listener. Those
/// of the service manager are used where it has them. The owner closes those that it does not hand off to a reactor.
struct ServerListeners: Sendable {
    /// The sockets of one address.
    struct Address: Sendable {
        /// One for each reactor, in their order; for metrics, that of the first reactor.
        let descriptors: [Int32]
        let address: ListenAddress
        let port: UInt16
        /// Whether the service manager has the sockets too.
        let isInherited: Bool
    }

    /// That of `SHOPSTREAM_LISTEN`.
    let main: Address
    /// Nil without `SHOPSTREAM_LISTEN_PLAIN`.
    let plain: Address?
    /// Nil without `SHOPSTREAM_METRICS_LISTEN`.
    let metrics: Address?

    /// Opens all of them, or none.
    static func open(_ configuration: ServerConfiguration) throws(StartError) -> ServerListeners {
        var opened: [Address] = []
        func open(
            _ address: ListenAddress?, count: Int, _ error: (ListenError) -> StartError
        ) throws(StartError) -> Address? {
            guard let address else { return nil }
            do throws(ListenError) {
                let result: Address
                if let descriptors = try configuration.inheritedSockets.take(address, count: count) {
                    result = Address(
                        descriptors: descriptors, address: address, port: address.port, isInherited: true)
                } else {
                    let (descriptors, port) = try Listeners.open(
                        address, count: count, isTakeover: configuration.isTakeover)
                    result = Address(
                        descriptors: descriptors, address: address, port: port, isInherited: false)
                }
                opened.append(result)
                return result
            } catch let failure {
                for result in opened { result.close() }
                throw error(failure)
            }
        }
        let main = try open(configuration.listen, count: configuration.reactorCount, StartError.listen)
        let plain = try open(configuration.plainListen, count: configuration.reactorCount) {
            .listenAt(setting: "SHOPSTREAM_LISTEN_PLAIN", $0)
        }
        let metrics = try open(configuration.metricsListen, count: 1) {
            .listenAt(setting: "SHOPSTREAM_METRICS_LISTEN", $0)
        }
        guard let main else { preconditionFailure("the main address is set") }
        return ServerListeners(main: main, plain: plain, metrics: metrics)
    }

    func close() {
        for address in [main, plain, metrics] { address?.close() }
    }
}

extension ServerListeners.Address: CustomStringConvertible {
    /// `HOST:PORT`, with the port that the kernel chose.
    var description: String { "\(address.host):\(port)" }

    fileprivate func close() {
        for descriptor in descriptors { Glibc.close(descriptor) }
    }
}

extension Shard {
    /// Accepts the connections of this shard's sockets.
    func startAccepting(_ listeners: ServerListeners) {
        let addresses: [(ServerListeners.Address?, ListenerKind)] = [
            (listeners.main, .main), (listeners.plain, .second), (index == 0 ? listeners.metrics : nil, .side),
        ]
        for case (let address?, let kind) in addresses {
            reactor.startAccepting(
                address.descriptors[index], as: kind, isIPv6: address.address.isIPv6, isInherited: address.isInherited)
        }
    }
}
