import Glibc
import Reactor

/// The listening sockets of a server: one for each reactor at the public address, and that of the metrics listener. The
/// owner closes those that it does not hand off to a reactor.
struct ServerListeners: Sendable {
    /// One for each reactor, in their order.
    let descriptors: [Int32]
    /// The public port.
    let port: UInt16
    /// Nil without `SHOPSTREAM_METRICS_LISTEN`.
    let metrics: Metrics?

    struct Metrics: Sendable {
        let descriptor: Int32
        let address: ListenAddress
        let port: UInt16
    }

    /// Opens all of them, or none.
    static func open(_ configuration: ServerConfiguration) throws(StartError) -> ServerListeners {
        let main: (descriptors: [Int32], port: UInt16)
        do throws(ListenError) {
            main = try Listeners.open(
                configuration.listen, count: configuration.reactorCount, isTakeover: configuration.isTakeover)
        } catch {
            throw .listen(error)
        }
        guard let address = configuration.metricsListen else {
            return ServerListeners(descriptors: main.descriptors, port: main.port, metrics: nil)
        }
        do throws(ListenError) {
            let side = try Listeners.open(address, count: 1, isTakeover: configuration.isTakeover)
            return ServerListeners(
                descriptors: main.descriptors, port: main.port,
                metrics: Metrics(descriptor: side.descriptors[0], address: address, port: side.port))
        } catch {
            for descriptor in main.descriptors { Glibc.close(descriptor) }
            throw .listenForMetrics(error)
        }
    }

    func close() {
        for descriptor in descriptors { Glibc.close(descriptor) }
        if let metrics { Glibc.close(metrics.descriptor) }
    }
}
