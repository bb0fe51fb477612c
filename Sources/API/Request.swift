internal import Auth
public import HTTP
internal import HTTPTypes
public import Primitives

/// A complete request, as a route's handler receives it. An object, so that the tasks and calls that it passes through
/// hold a reference.
public final class Request: Sendable {
    /// The connection on which it arrived.
    public let source: RequestSource
    /// The request without its body.
    public let head: RequestHead
    /// Its route.
    public let match: RouteMatch<RouteName>
    /// The contents of its body.
    public let content: RequestContent
    /// The user, when the token was verified before the body was read.
    let identity: Identity?
    /// The request's span, when its trace is recorded.
    public let trace: TraceContext?

    /// A request of which the body was read as its plan says.
    public init(
        _ plan: RequestPlan, _ content: RequestContent, from source: RequestSource, trace: TraceContext? = nil
    ) {
        self.source = source
        self.trace = trace
        self.content = content
        head = plan.head
        match = plan.match
        identity = plan.identity
    }

    /// The name of its route; nil when it has none.
    public var route: RouteName? {
        if case .matched(let name, _) = match { name } else { nil }
    }
    /// The parameters of its path.
    public var parameters: PathParameters {
        if case .matched(_, let parameters) = match { parameters } else { PathParameters() }
    }
    /// The connection on which it arrived.
    public var connection: ConnectionID { source.connection }
    /// The client's address; behind trusted proxies, the one that they name.
    public var address: PeerAddress? { source.address }
}

extension Request {
    /// The body as bytes; empty when it was read as an upload.
    public var body: [UInt8] {
        switch content {
        case .bytes(let bytes): bytes
        case .upload: []
        }
    }

    /// The upload, when the body was read as one.
    public var upload: ImageUpload? {
        switch content {
        case .bytes: nil
        case .upload(let upload): upload
        }
    }

    /// The value of an item of the query, nil when there is none.
    public func queryItem(_ name: String) throws(APIError) -> String? {
        do throws(HTTPParseError) {
            return try head.query.first(name)
        } catch {
            throw APIError(error)
        }
    }
}

/// The connection on which a request arrived.
public struct RequestSource: Sendable {
    /// Its name on its reactor.
    public let connection: ConnectionID
    /// Whether the metrics listener accepted it.
    public let isOnMetricsListener: Bool
    /// The client's address; behind trusted proxies, the one that they name.
    public let address: PeerAddress?

    /// Creates a source.
    public init(connection: ConnectionID, isOnMetricsListener: Bool = false, address: PeerAddress? = nil) {
        self.connection = connection
        self.isOnMetricsListener = isOnMetricsListener
        self.address = address
    }
}

/// The contents of a request's body.
public enum RequestContent: Sendable {
    /// All of its bytes.
    case bytes([UInt8])
    /// The image and its shop, read as they arrived.
    case upload(ImageUpload)
}
