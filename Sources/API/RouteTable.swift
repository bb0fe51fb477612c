public import HTTP
internal import HTTPTypes

/// The routes.
public enum RouteName: Sendable, Hashable, CaseIterable {
    case createMessage, editMessage, deleteMessage
    case listMessages, paginateMessages
    case uploadImage, removeImage, image
    case stream, streamHealth
    case alive, ready, metrics
    case openAPI, demoPage, demoSession
    case adminPage, adminFigures

    /// Whether a handler reads the request's body. All of these routes require a token.
    public var readsBody: Bool {
        switch self {
        case .createMessage, .editMessage, .uploadImage: true
        case .deleteMessage, .listMessages, .paginateMessages, .removeImage, .image, .stream, .streamHealth, .alive,
            .ready, .metrics, .openAPI, .demoPage, .demoSession, .adminPage, .adminFigures:
            false
        }
    }
}

/// The routes of a listener, and which handler answers each.
public struct RouteTable: Sendable {
    private let router: Router<RouteName>

    /// The table of the public listener.
    package init(hasStream: Bool, hasDemo: Bool, hasMetrics: Bool, hasAdmin: Bool, prefixes: RoutePrefixes) {
        var rows = Self.rows(
            hasStream: hasStream, hasDemo: hasDemo, hasMetrics: hasMetrics, hasAdmin: hasAdmin, prefixes: prefixes)
        // A stream without a shop's id is an incomplete request (400), not another resource.
        if hasStream { rows += prefixes.paths.map { Route(.get, "\($0)/shops//messages/stream", .stream) } }
        router = Router(rows)
    }

    private init(_ rows: [Route<RouteName>]) { router = Router(rows) }

    /// The table of the metrics listener.
    package static func metricsListener(hasAdmin: Bool) -> RouteTable {
        RouteTable(hasAdmin ? metricsRows + adminRows : metricsRows)
    }

    /// The rows of the public listener. Each route of clients is served under each prefix.
    package static func rows(
        hasStream: Bool, hasDemo: Bool, hasMetrics: Bool = true, hasAdmin: Bool = false,
        prefixes: RoutePrefixes = RoutePrefixes()
    ) -> [Route<RouteName>] {
        var rows: [Route<RouteName>] = prefixes.paths.flatMap { prefix in
            [
                Route(.post, "\(prefix)/shops/messages", .createMessage),
                Route(.put, "\(prefix)/shops/messages", .editMessage),
                Route(.delete, "\(prefix)/shops/messages/:message_id", .deleteMessage),
                Route(.get, "\(prefix)/shops/:shop_id/messages", .listMessages),
                Route(.get, "\(prefix)/shops/:shop_id/messages/paginated", .paginateMessages),
                Route(.post, "\(prefix)/shops/messages/image/upload", .uploadImage),
                Route(.delete, "\(prefix)/shops/messages/image/:message_id", .removeImage),
                Route(.get, "\(prefix)/shops/:shop_id/messages/image/:name", .image),
                Route(.get, "\(prefix)/shops/:shop_id/messages/stream", .stream),
                Route(.get, "\(prefix)/health/websocket", .streamHealth),
            ]
        }
        if !hasStream { rows.removeAll { $0.value == .stream } }
        rows += metricsRows.filter { hasMetrics || $0.value != .metrics }
        rows.append(Route(.get, "/openapi.json", .openAPI))
        if hasDemo { rows += [Route(.get, "/", .demoPage), Route(.get, "/demo.json", .demoSession)] }
        if hasAdmin { rows += adminRows }
        return rows
    }

    /// The rows of the metrics listener.
    private static let metricsRows = [
        Route(.get, "/healthz", RouteName.alive), Route(.get, "/readyz", .ready), Route(.get, "/metrics", .metrics),
    ]

    /// The rows of the live view.
    private static let adminRows = [
        Route(.get, "/admin", RouteName.adminPage), Route(.get, "/admin/figures", .adminFigures),
    ]

    /// The route of a request.
    public func match(_ head: RequestHead) -> RouteMatch<RouteName> { router.match(head) }

    /// Answers a request. On the reactor on which it arrived.
    public static func answer(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        switch request.match {
        case .notFound: throw .notFound
        case .methodNotAllowed(let allow): throw .methodNotAllowed(allow: allow)
        case .options(let allow):
            preflight(request.head, allow, from: request.source, context.settings.crossOrigin)
        case .matched(let name, _):
            try await answer(request, of: name, in: context)
        }
    }

    private static func answer(
        _ request: Request, of name: RouteName, in context: some Context
    ) async throws(APIError) -> Response {
        switch name {
        case .createMessage: try await MessageWrites.create(request, in: context)
        case .editMessage: try await MessageWrites.edit(request, in: context)
        case .deleteMessage: try await MessageWrites.delete(request, in: context)
        case .listMessages: try await MessageReads.list(request, in: context)
        case .paginateMessages: try await MessageReads.paginate(request, in: context)
        case .uploadImage: try await ImageRequests.upload(request, in: context)
        case .removeImage: try await ImageRequests.remove(request, in: context)
        case .image: try await ImageRequests.serve(request, in: context)
        // A stream is no response: the server admits it before it comes here.
        case .stream: throw .notFound
        case .streamHealth: await Probes.streamHealth(in: context)
        case .alive: Probes.alive()
        case .ready: try Probes.ready(in: context)
        case .metrics: try await Probes.metrics(request, in: context)
        case .openAPI: Probes.openAPI(in: context)
        case .demoPage: Probes.demoPage(in: context)
        case .demoSession: Probes.demoSession(in: context)
        case .adminPage: try AdminRequests.page(in: context)
        case .adminFigures: try await AdminRequests.figures(request, in: context)
        }
    }

    /// `OPTIONS`, a browser's preflight among them (Fetch standard, section 4.8).
    private static func preflight(
        _ head: RequestHead, _ allow: [HTTPRequest.Method], from source: RequestSource, _ policy: CrossOriginPolicy
    ) -> Response {
        let methods = allow.map(\.rawValue).joined(separator: ", ")
        var response = Response(status: .noContent, contentType: nil, fields: [.allow: methods])
        if !source.isOnMetricsListener, let origin = head[.origin] {
            policy.addPreflightFields(to: &response.fields, origin: origin, methods: methods)
        }
        return response
    }
}
