import API
import Auth
import HTTP
import HTTPTypes
import Logging
import Primitives
import Reactor
import Storage

extension Shard {
    /// Finds the route and runs it; nil when the connection became a stream, so that there is no response.
    func route(
        _ head: RequestHead, _ content: RequestContent, _ source: RequestSource
    ) async -> Response? {
        switch environment.routes[source.isOnMetricsListener ? .side : .main].match(head.method, path: head.path) {
        case .notFound:
            return Response(APIError.notFound)
        case .methodNotAllowed(let allow):
            return Response(APIError.methodNotAllowed(allow: allow))
        case .options(let allow):
            return preflight(head, allow, by: source.isOnMetricsListener ? .side : .main)
        case .matched(let name, let parameters):
            let request = Request(source: source, head: head, content: content, parameters: parameters)
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
        case .editMessage: try await editMessage(request)
        case .deleteMessage: try await deleteMessage(request)
        case .listMessages: try await listMessages(request)
        case .paginateMessages: try await paginateMessages(request)
        case .uploadImage: try await uploadImage(request)
        case .removeImage: try await removeImage(request)
        case .image: try await serveImage(request)
        case .stream: try await openStream(request)
        case .streamHealth: await streamHealth()
        case .alive: Response(body: Array("{\"status\":\"alive\"}".utf8))
        case .ready: readinessAnswer()
        case .metrics: if mayReadMetrics(request) { await metrics() } else { throw APIError.notFound }
        case .openAPI: Response(openAPI)
        case .demoPage: Response(demoPage)
        case .demoSession: Response(demoSession)
        }
    }

    /// `OPTIONS`, a browser's preflight among them (Fetch standard, section 4.8).
    private func preflight(
        _ head: RequestHead, _ allow: [HTTPRequest.Method], by listener: ListenerKind
    ) -> Response {
        let methods = allow.map(\.rawValue).joined(separator: ", ")
        var response = Response(status: .noContent, contentType: nil, fields: [.allow: methods])
        if listener == .main, let origin = head.fields[.origin] {
            environment.configuration.crossOrigin.addPreflightFields(
                to: &response.fields, origin: origin, methods: methods)
        }
        return response
    }

    // MARK: - Identity

    /// The user of the token in the header.
    func identity(_ request: Request) async throws(APIError) -> Identity {
        try await identity(awaitingKeysFor: request.bearerToken)
    }

    func identity(awaitingKeysFor token: String?) async throws(APIError) -> Identity {
        do throws(AuthError) {
            return try await verifyAwaitingKeys(token)
        } catch {
            counters.authFailures[error, default: 0] += 1
            throw APIError(error)
        }
    }

    /// The user of a token, by the current keys.
    func identity(token: String?) throws(APIError) -> Identity {
        do throws(AuthError) {
            return try verify(token)
        } catch {
            counters.authFailures[error, default: 0] += 1
            throw APIError(error)
        }
    }

    // MARK: - The store

    /// The result of a call to the store. A failure is thrown as the error that the client receives.
    func stored<Value>(
        _ body: (any Store) async throws(StorageError) -> Value
    ) async throws(APIError) -> Value {
        do throws(StorageError) {
            return try await body(storage.store)
        } catch {
            throw storageFailure(error)
        }
    }

    /// The error that a client receives for a store's failure. The log has the detail.
    func storageFailure(_ error: StorageError) -> APIError {
        counters.storageErrors[error.kind, default: 0] += 1
        environment.log.error("store failed", metadata: ["code": "\(error.kind.code)", "detail": "\(error.detail)"])
        return APIError(error)
    }
}
