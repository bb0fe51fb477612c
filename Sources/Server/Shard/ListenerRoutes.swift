import API
import HTTP
import Reactor

/// The routes of each listener. With a metrics listener, which is a reactor's side listener, the public one has no
/// `/metrics`.
struct ListenerRoutes: Sendable {
    private let main: Router<RouteName>
    private let side: Router<RouteName>

    init(_ configuration: ServerConfiguration) {
        main = RouteName.router(
            hasStream: configuration.stream.isEnabled, hasDemo: configuration.isDemo,
            hasMetrics: configuration.metricsListen == nil, prefixes: configuration.routePrefixes)
        side = Router(RouteName.metricsListenerRoutes)
    }

    subscript(listener: ListenerKind) -> Router<RouteName> {
        switch listener {
        case .main: main
        case .side: side
        }
    }
}
