import HTTPTypes
import Primitives

/// The patterns of routes as a tree of segments. Routes are numbered in the order of their insertion.
///
/// Nodes and endpoints are in two arrays and refer to each other by index, so that a search counts no references.
struct RouteTree: Sendable {
    private struct Node: Sendable {
        /// The literal that leads here, in `literals`.
        var literal = 0..<0
        /// The next node that another literal leads to from the same parent.
        var sibling: Int?
        /// The first node that a literal leads to; few enough for a linear search.
        var child: Int?
        /// The next node when the next segment is a parameter.
        var parameter: Int?
        /// The first route whose pattern ends here.
        var endpoint: Int?
    }

    private struct Endpoint: Sendable {
        let method: HTTPRequest.Method
        let parameterNames: [String]
        /// The next route with the same pattern.
        var next: Int?
    }

    private static let parameterCountMax = 4

    /// The first node is the root.
    private var nodes = [Node()]
    private var endpoints: [Endpoint] = []
    private var literals: [UInt8] = []
    /// Every method of any route, for `OPTIONS *`.
    private var allMethods: Set<HTTPRequest.Method> = []

    // MARK: - Building

    /// Adds a route, see `Router.init`.
    mutating func insert(_ method: HTTPRequest.Method, _ pattern: String) {
        precondition(pattern.utf8.first == ASCII.slash, "a pattern begins with a slash: \(pattern)")
        var node = 0
        var names: [String] = []
        for segment in pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if segment.utf8.first == ASCII.colon {
                let name = String(segment.dropFirst())
                precondition(!name.isEmpty && !names.contains(name), "parameters have names of their own: \(pattern)")
                names.append(name)
                node = parameterChild(of: node)
            } else {
                node = literalChild(of: node, Array(segment.utf8))
            }
        }
        precondition(names.count <= Self.parameterCountMax, "too many parameters: \(pattern)")
        var last: Int?
        var next = nodes[node].endpoint
        while let current = next {
            precondition(endpoints[current].method != method, "two routes for \(method.rawValue) \(pattern)")
            (last, next) = (current, endpoints[current].next)
        }
        if let last { endpoints[last].next = endpoints.count } else { nodes[node].endpoint = endpoints.count }
        endpoints.append(Endpoint(method: method, parameterNames: names))
        Self.insert(method, into: &allMethods)
    }

    private mutating func literalChild(of node: Int, _ segment: [UInt8]) -> Int {
        if let child = literalChild(of: node, segment.span) { return child }
        let start = literals.count
        literals += segment
        nodes.append(Node(literal: start..<literals.count, sibling: nodes[node].child))
        nodes[node].child = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func parameterChild(of node: Int) -> Int {
        if let child = nodes[node].parameter { return child }
        nodes.append(Node())
        nodes[node].parameter = nodes.count - 1
        return nodes.count - 1
    }

    // MARK: - Matching

    private struct Search {
        let method: HTTPRequest.Method
        /// The segments that matched parameters on the way to the current node.
        var values = InlineArray<4, Range<Int>>(repeating: 0..<0)
        var valueCount = 0
        /// The methods of the routes that have the path; empty, without storage, until one of another method is found.
        var allowed: Set<HTTPRequest.Method> = []
    }

    /// Looks up a path, see `Router.match`.
    func match(_ method: HTTPRequest.Method, _ path: Span<UInt8>) -> RouteMatch<Int> {
        guard !path.isEmpty, path[0] == ASCII.slash else {
            guard ASCII.equals(path, "*"), method == .options else { return .notFound }
            return .options(allow: Self.allowList(allMethods))
        }
        guard Self.isDecodable(path) else { return .notFound }
        var search = Search(method: method)
        if let found = find(from: 0, at: 1, path, &search) {
            return .matched(found, parameters(of: found, path, search))
        }
        guard !search.allowed.isEmpty else { return .notFound }
        let allow = Self.allowList(search.allowed)
        return method == .options ? .options(allow: allow) : .methodNotAllowed(allow: allow)
    }

    /// Whether every segment can be decoded to UTF-8.
    private static func isDecodable(_ path: Span<UInt8>) -> Bool {
        guard path.firstIndex(of: ASCII.percent) != nil else { return true }
        var start = 1
        while start <= path.count {
            let end = path.firstIndex(of: ASCII.slash, from: start) ?? path.count
            guard PercentCoding.decoded(path.extracting(start..<end)) != nil else { return false }
            start = end + 1
        }
        return true
    }

    /// The endpoint below `node` for the segments from offset `start` on, which is one more than the count after the
    /// last segment.
    private func find(from node: Int, at start: Int, _ path: Span<UInt8>, _ search: inout Search) -> Int? {
        guard start <= path.count else { return endpoint(at: node, &search) }
        let end = path.firstIndex(of: ASCII.slash, from: start) ?? path.count
        if let next = literalChild(of: node, path.extracting(start..<end)),
            let found = find(from: next, at: end + 1, path, &search)
        {
            return found
        }
        guard let next = nodes[node].parameter, start < end else { return nil }
        search.values[search.valueCount] = start..<end
        search.valueCount += 1
        if let found = find(from: next, at: end + 1, path, &search) { return found }
        search.valueCount -= 1
        return nil
    }

    /// The node to which a segment leads as a literal. Compares bytes: `String` equality treats the Kelvin sign as a K.
    private func literalChild(of node: Int, _ segment: Span<UInt8>) -> Int? {
        if segment.firstIndex(of: ASCII.percent) != nil {
            guard let decoded = PercentCoding.decoded(segment) else { return nil }
            let utf8 = decoded.utf8
            return decodedLiteralChild(of: node, utf8.span)
        }
        return decodedLiteralChild(of: node, segment)
    }

    private func decodedLiteralChild(of node: Int, _ segment: Span<UInt8>) -> Int? {
        var child = nodes[node].child
        while let current = child {
            if isLiteral(nodes[current].literal, segment) { return current }
            child = nodes[current].sibling
        }
        return nil
    }

    private func isLiteral(_ literal: Range<Int>, _ segment: Span<UInt8>) -> Bool {
        guard literal.count == segment.count else { return false }
        for index in segment.indices where literals[literal.lowerBound + index] != segment[index] { return false }
        return true
    }

    private func endpoint(at node: Int, _ search: inout Search) -> Int? {
        var get: Int?
        var next = nodes[node].endpoint
        while let current = next {
            if endpoints[current].method == search.method { return current }
            if endpoints[current].method == .get { get = current }
            next = endpoints[current].next
        }
        if search.method == .head, let get { return get }
        next = nodes[node].endpoint
        while let current = next {
            Self.insert(endpoints[current].method, into: &search.allowed)
            next = endpoints[current].next
        }
        return nil
    }

    private func parameters(of endpoint: Int, _ path: Span<UInt8>, _ search: Search) -> PathParameters {
        let names = endpoints[endpoint].parameterNames
        guard !names.isEmpty else { return PathParameters() }
        var values: [String] = []
        values.reserveCapacity(names.count)
        for index in names.indices {
            values.append(PercentCoding.decoded(path.extracting(search.values[index])) ?? "")
        }
        return PathParameters(names: names, values: values)
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
