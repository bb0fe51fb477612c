public import HTTPTypes

/// A method and a pattern, and the value that they map to.
public struct Route<Value: Sendable>: Sendable {
    /// The method that is served; `GET` also serves `HEAD`.
    public let method: HTTPRequest.Method
    /// A path whose segments are literals, or parameters when they begin with a colon: `/shops/:shop_id/messages`.
    public let pattern: String
    /// The value that the route maps to.
    public let value: Value

    /// A route; the pattern is checked when a router is built from it.
    public init(_ method: HTTPRequest.Method, _ pattern: String, _ value: Value) {
        self.method = method
        self.pattern = pattern
        self.value = value
    }
}

/// Finds the route for a method and a raw path.
///
/// A path is split at slashes before its segments are decoded, so `%2F` stays within its segment. Among the routes of a
/// method, a literal takes precedence over a parameter. An empty segment is not a parameter's value. A trailing slash
/// makes a different path. Read-only once built: any thread.
public struct Router<Value: Sendable>: Sendable {
    private var tree = RouteTree()
    /// By the numbers of the tree's endpoints.
    private var values: [Value] = []

    /// Builds the tree. Precondition: each pattern begins with a slash, its parameters have distinct names, at most four,
    /// and no two routes serve the same method on the same pattern (whatever the names of its parameters).
    public init(_ routes: [Route<Value>]) {
        for route in routes {
            tree.insert(route.method, route.pattern)
            values.append(route.value)
        }
    }

    /// Looks up a request. O(segments) for most trees. Where a literal leads to no route the parameter is tried, so at
    /// most O(nodes). Allocates for the values of parameters.
    public func match(_ head: RequestHead) -> RouteMatch<Value> { match(head.method, head.pathBytes) }

    /// The same for `method` on `path` (raw, without the query).
    public func match(_ method: HTTPRequest.Method, path: String) -> RouteMatch<Value> {
        let utf8 = path.utf8
        return match(method, utf8.span)
    }

    private func match(_ method: HTTPRequest.Method, _ path: Span<UInt8>) -> RouteMatch<Value> {
        switch tree.match(method, path) {
        case .matched(let number, let parameters): .matched(values[number], parameters)
        case .notFound: .notFound
        case .methodNotAllowed(let allow): .methodNotAllowed(allow: allow)
        case .options(let allow): .options(allow: allow)
        }
    }
}
