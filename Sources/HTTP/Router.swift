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
    /// A node in the tree of segments.
    private struct Node: Sendable {
        /// The literals that may follow; few enough for a linear search.
        var literals: [(segment: String, node: Int)] = []
        /// The next node when the next segment is a parameter.
        var parameter: Int?
        /// The routes whose pattern ends here.
        var endpoints: [Endpoint] = []
    }

    private struct Endpoint: Sendable {
        let method: HTTPRequest.Method
        let value: Value
        let parameterNames: [String]
    }

    /// The first node is the root.
    private var nodes = [Node()]
    private var depthMax = 0
    /// Every method of any route, for `OPTIONS *`.
    private var allMethods: Set<HTTPRequest.Method> = []

    /// Builds the tree. Precondition: each pattern begins with a slash, its parameters have distinct names, and no two
    /// routes serve the same method on the same pattern (whatever the names of its parameters).
    public init(_ routes: [Route<Value>]) {
        for route in routes { insert(route) }
    }

    /// Looks up `method` on `path` (raw, without the query). O(segments) for most trees. Where a literal leads to no
    /// route the parameter is tried, so at most O(nodes). Allocates for the segments.
    public func match(_ method: HTTPRequest.Method, path: String) -> RouteMatch<Value> {
        if path == "*" {
            return method == .options ? .options(allow: Self.allowList(allMethods)) : .notFound
        }
        guard let segments = PathSegments.decoded(path, countMax: depthMax) else { return .notFound }
        var search = Search(method: method, segments: segments)
        if let endpoint = find(from: 0, depth: 0, &search) {
            return .matched(endpoint.value, PathParameters(names: endpoint.parameterNames, values: search.values))
        }
        guard !search.allowed.isEmpty else { return .notFound }
        let allow = Self.allowList(search.allowed)
        return method == .options ? .options(allow: allow) : .methodNotAllowed(allow: allow)
    }

    // MARK: - Building

    private mutating func insert(_ route: Route<Value>) {
        let pattern = route.pattern
        precondition(pattern.utf8.first == ASCII.slash, "a pattern begins with a slash: \(pattern)")
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var node = 0
        var names: [String] = []
        for segment in segments {
            if segment.utf8.first == ASCII.colon {
                let name = String(segment.dropFirst())
                precondition(!name.isEmpty && !names.contains(name), "parameters have names of their own: \(pattern)")
                names.append(name)
                node = parameterChild(of: node)
            } else {
                node = literalChild(of: node, segment: String(segment))
            }
        }
        let isDuplicate = nodes[node].endpoints.contains { $0.method == route.method }
        precondition(!isDuplicate, "two routes for \(route.method.rawValue) \(pattern)")
        nodes[node].endpoints.append(Endpoint(method: route.method, value: route.value, parameterNames: names))
        depthMax = max(depthMax, segments.count)
        Self.insert(route.method, into: &allMethods)
    }

    private mutating func literalChild(of node: Int, segment: String) -> Int {
        if let child = literal(of: node, segment: segment) { return child }
        nodes.append(Node())
        nodes[node].literals.append((segment, nodes.count - 1))
        return nodes.count - 1
    }

    private mutating func parameterChild(of node: Int) -> Int {
        if let child = nodes[node].parameter { return child }
        nodes.append(Node())
        nodes[node].parameter = nodes.count - 1
        return nodes.count - 1
    }

    /// Compares bytes: `String` equality treats the Kelvin sign as a K.
    private func literal(of node: Int, segment: String) -> Int? {
        for literal in nodes[node].literals where literal.segment.utf8.elementsEqual(segment.utf8) {
            return literal.node
        }
        return nil
    }

    // MARK: - Matching

    private struct Search {
        let method: HTTPRequest.Method
        let segments: [String]
        /// The segments that matched parameters on the way to the current node.
        var values: [String] = []
        /// The methods of the routes that have the path.
        var allowed: Set<HTTPRequest.Method> = []
    }

    private func find(from node: Int, depth: Int, _ search: inout Search) -> Endpoint? {
        if depth == search.segments.count { return endpoint(at: node, &search) }
        let segment = search.segments[depth]
        if let next = literal(of: node, segment: segment), let found = find(from: next, depth: depth + 1, &search) {
            return found
        }
        guard let next = nodes[node].parameter, !segment.isEmpty else { return nil }
        search.values.append(segment)
        if let found = find(from: next, depth: depth + 1, &search) { return found }
        search.values.removeLast()
        return nil
    }

    private func endpoint(at node: Int, _ search: inout Search) -> Endpoint? {
        let endpoints = nodes[node].endpoints
        if let exact = endpoints.first(where: { $0.method == search.method }) { return exact }
        if search.method == .head, let get = endpoints.first(where: { $0.method == .get }) { return get }
        for endpoint in endpoints { Self.insert(endpoint.method, into: &search.allowed) }
        return nil
    }

    private static func insert(_ method: HTTPRequest.Method, into methods: inout Set<HTTPRequest.Method>) {
        methods.insert(method)
        methods.insert(.options)
        if method == .get { methods.insert(.head) }
    }

    private static func allowList(_ methods: Set<HTTPRequest.Method>) -> [HTTPRequest.Method] {
        methods.sorted { $0.rawValue < $1.rawValue }
    }
}

/// Splits raw paths.
enum PathSegments {
    /// The decoded segments of `path`, which begins with a slash; nil when it does not, when a segment cannot be
    /// decoded to UTF-8, or when there are more than `countMax`.
    static func decoded(_ path: String, countMax: Int) -> [String]? {
        let utf8 = path.utf8
        let bytes = utf8.span
        guard !bytes.isEmpty, bytes[0] == ASCII.slash else { return nil }
        var segments: [String] = []
        var start = 1
        while true {
            guard segments.count < countMax else { return nil }
            let end = ASCII.firstIndex(of: ASCII.slash, in: bytes, from: start) ?? bytes.count
            guard let segment = PercentCoding.decoded(bytes.extracting(start..<end)) else { return nil }
            segments.append(segment)
            if end == bytes.count { return segments }
            start = end + 1
        }
    }
}
