import API
import Reactor

/// The routes of each listener. With a metrics listener, which is a reactor's side listener, the public one has no
/// `/metrics`. Both have the live view when it is enabled.
struct ListenerRoutes: Sendable {
    private let main: RouteTable
    private let side: RouteTable

    init(_ configuration: ServerConfiguration) {
        let hasAdmin = configuration.adminSecret != nil
        main = RouteTable(
            hasStream: configuration.stream.isEnabled, hasDemo: configuration.isDemo,
            hasMetrics: configuration.metricsListen == nil, hasAdmin: hasAdmin, prefixes: configuration.routePrefixes)
        side = .metricsListener(hasAdmin: hasAdmin)
    }

    subscript(listener: ListenerKind) -> RouteTable {
        switch listener {
        case .main, .second: main
        case .side: side
        }
    }
}
