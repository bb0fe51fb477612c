import Auth
import HTTP
import HTTPTypes
import Logging
import Primitives
import Reactor
import Storage

extension Shard {
    /// Finds the route and runs it; nil when the connection became a stream and there is nothing to answer.
    func route(
        _ head: RequestHead, _ body: [UInt8], _ address: PeerAddress?, _ connection: ConnectionID
    ) async -> Response? {
        switch router.match(head.method, path: head.path) {
        case .notFound:
            return Response(APIError.notFound)
        case .methodNotAllowed(let allow):
            return Response(APIError.methodNotAllowed(allow: allow))
        case .options(let allow):
            return preflight(head, allow)
        case .matched(let name, let parameters):
            let request = Request(
                connection: connection, head: head, body: body, address: address, parameters: parameters)
            do throws(APIError) {
                return try await run(name, request)
            } catch {
                return Response(error)
            }
        }
    }

    private func run(_ name: RouteName, _ request: Request) async throws(APIError) -> Response? {
        switch name {
        case .createMessage: try await createMessage(request)
        case .listMessages: try await listMessages(request)
        case .stream: try await openStream(request)
        case .streamHealth: await streamHealth()
        case .alive: Response(body: Array("{\"status\":\"alive\"}".utf8))
        case .ready: await readiness()
        case .metrics: await metrics()
        case .demoPage: Response(demoPage)
        case .demoSession: Response(demoSession)
        }
    }

    /// `OPTIONS`, a browser's preflight among them (Fetch standard, section 4.8).
    private func preflight(_ head: RequestHead, _ allow: [HTTPRequest.Method]) -> Response {
        let methods = allow.map(\.rawValue).joined(separator: ", ")
        var response = Response(status: .noContent, contentType: nil, fields: [.allow: methods])
        if let origin = head.fields[.origin], isAllowed(origin: origin) {
            response.fields[.accessControlAllowMethods] = methods
            response.fields[.accessControlAllowHeaders] = "authorization, content-type"
            response.fields[.accessControlMaxAge] = "600"
        }
        return response
    }

    // MARK: - Who asks

    /// The user of the token in the header.
    func identity(_ request: Request) throws(APIError) -> Identity {
        try identity(token: request.bearerToken)
    }

    func identity(token: String?) throws(APIError) -> Identity {
        do throws(AuthError) {
            guard let token else { throw .missing }
            return try verifier.verify(token, now: civilTime)
        } catch {
            counters.authFailures[error, default: 0] += 1
            throw APIError(error)
        }
    }

    /// Throws unless the user is a member; a shop that does not exist looks the same.
    func requireMembership(of user: UserID, in shop: ShopID) async throws(APIError) {
        let role: Role?
        do throws(StorageError) {
            role = try await store.role(of: user, in: shop)
        } catch {
            throw storageFailure(error)
        }
        guard role != nil else { throw .notMember }
    }

    /// What a client hears of a store's failure; the log hears more.
    func storageFailure(_ error: StorageError) -> APIError {
        counters.storageErrors[error.kind, default: 0] += 1
        log.error("store failed", metadata: ["code": "\(error.kind.code)", "detail": "\(error.detail)"])
        return APIError(error)
    }

    // MARK: - Health

    private func streamHealth() async -> Response {
        let totals = await totals()
        var writer = JSONWriter()
        writer.raw("{\"status\":\"healthy\",\"active_connections\":")
        writer.number(totals.openStreams)
        writer.raw(",\"active_shops\":")
        writer.number(totals.openShops)
        writer.raw(",\"uptime_seconds\":")
        writer.number(
            Int((civilTime.microsecondsSinceEpoch - startedAt.microsecondsSinceEpoch) / 1_000_000))
        writer.raw("}")
        return Response(body: writer.bytes)
    }

    private func readiness() async -> Response {
        guard !isDraining else { return Response(APIError.draining) }
        do throws(StorageError) {
            try await store.ping()
        } catch {
            return Response(storageFailure(error))
        }
        return Response(body: Array("{\"status\":\"ready\"}".utf8))
    }

    private var demoPage: Response.Content {
        Response.Content(
            contentType: "text/html; charset=utf-8", bytes: PackageResources.index_html,
            fields: [
                .contentSecurityPolicy:
                    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
                    + "img-src https: http: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                .cacheControl: "no-cache", .xContentTypeOptions: "nosniff",
            ])
    }

    private var demoSession: Response.Content {
        Response.Content(
            contentType: "application/json", bytes: demo?.json ?? [], fields: [.cacheControl: "no-store"])
    }
}

extension Response {
    /// Content that is no envelope.
    struct Content {
        let contentType: String
        let bytes: [UInt8]
        let fields: HTTPFields
    }

    init(_ content: Content) {
        self.init(contentType: content.contentType, fields: content.fields, body: content.bytes)
    }
}
