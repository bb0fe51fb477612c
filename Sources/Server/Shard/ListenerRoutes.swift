import API
import Reactor

/// The routes of each listener. With a metrics listener, which is a reactor's side listener, the public one has no
/// `/metrics`.
struct ListenerRoutes: Sendable {
    private let main: RouteTable
    private let side: RouteTable

    init(_ configuration: ServerConfiguration) {
        main = RouteTable(
            hasStream: configuration.stream.isEnabled, hasDemo: configuration.isDemo,
            hasMetrics: configuration.metricsListen == nil, prefixes: configuration.routePrefixes)
        side = .metricsListener
    }

    subscript(listener: ListenerKind) -> RouteTable {
        switch listener {
        case .main, .second: main
        case .side: side
        }
    }
}
