package import HTTP
internal import HTTPTypes

/// The routes.
package enum RouteName: Sendable, Hashable, CaseIterable {
    case createMessage
    case editMessage
    case deleteMessage
    case listMessages
    case paginateMessages
    case uploadImage
    case removeImage
    case image
    case stream
    case streamHealth
    case alive
    case ready
    case metrics
    case openAPI
    case demoPage
    case demoSession
}

extension RouteName {
    /// Whether a handler reads the request's body. All of these routes require a token.
    package var readsBody: Bool {
        switch self {
        case .createMessage, .editMessage, .uploadImage: true
        case .deleteMessage, .listMessages, .paginateMessages, .removeImage, .image, .stream, .streamHealth, .alive,
            .ready, .metrics, .openAPI, .demoPage, .demoSession:
            false
        }
    }

    /// The public listener's table of routes, as far as the configuration enables them.
    package static func router(
        hasStream: Bool, hasDemo: Bool, hasMetrics: Bool, prefixes: RoutePrefixes
    ) -> Router<RouteName> {
        var routes = routes(hasStream: hasStream, hasDemo: hasDemo, hasMetrics: hasMetrics, prefixes: prefixes)
        // A stream without a shop's id is an incomplete request (400), not another resource.
        if hasStream {
            routes += prefixes.paths.map { Route(.get, "\($0)/shops//messages/stream", .stream) }
        }
        return Router(routes)
    }

    /// The rows of the metrics listener's table.
    package static let metricsListenerRoutes = [
        Route(.get, "/metrics", RouteName.metrics), Route(.get, "/healthz", RouteName.alive),
        Route(.get, "/readyz", RouteName.ready),
    ]

    /// The rows of the table.
    package static func routes(
        hasStream: Bool, hasDemo: Bool, hasMetrics: Bool = true, prefixes: RoutePrefixes = RoutePrefixes()
    ) -> [Route<RouteName>] {
        var routes = prefixes.paths.flatMap { prefixed(by: $0, hasStream: hasStream) }
        routes += [
            Route(.get, "/healthz", .alive),
            Route(.get, "/readyz", .ready),
            Route(.get, "/openapi.json", .openAPI),
        ]
        if hasMetrics { routes.append(Route(.get, "/metrics", .metrics)) }
        if hasDemo {
            routes.append(Route(.get, "/", .demoPage))
            routes.append(Route(.get, "/demo.json", .demoSession))
        }
        return routes
    }

    /// The routes of clients, under one prefix.
    private static func prefixed(by prefix: String, hasStream: Bool) -> [Route<RouteName>] {
        var routes: [Route<RouteName>] = [
            Route(.post, "\(prefix)/shops/messages", .createMessage),
            Route(.put, "\(prefix)/shops/messages", .editMessage),
            Route(.delete, "\(prefix)/shops/messages/:message_id", .deleteMessage),
            Route(.get, "\(prefix)/shops/:shop_id/messages", .listMessages),
            Route(.get, "\(prefix)/shops/:shop_id/messages/paginated", .paginateMessages),
            Route(.post, "\(prefix)/shops/messages/image/upload", .uploadImage),
            Route(.delete, "\(prefix)/shops/messages/image/:message_id", .removeImage),
            Route(.get, "\(prefix)/shops/:shop_id/messages/image/:name", .image),
            Route(.get, "\(prefix)/health/websocket", .streamHealth),
        ]
        if hasStream { routes.append(Route(.get, "\(prefix)/shops/:shop_id/messages/stream", .stream)) }
        return routes
    }
}
