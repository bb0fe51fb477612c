public import HTTPTypes

/// What a router knows about a method and a path.
public enum RouteMatch<Value: Sendable>: Sendable {
    /// A route serves it.
    case matched(Value, PathParameters)
    /// No route has the path.
    case notFound
    /// Routes have the path but not the method; `allow` is for the field of that name, sorted.
    case methodNotAllowed(allow: [HTTPRequest.Method])
    /// `OPTIONS` on a path without a route of its own for it: a preflight of CORS, or a question for `Allow`.
    case options(allow: [HTTPRequest.Method])
}

extension RouteMatch: Equatable where Value: Equatable {}

/// The parameters that a path gave to a pattern, decoded, in the order of the pattern.
public struct PathParameters: Equatable, Sendable {
    private let names: [String]
    private let values: [String]

    init(names: [String], values: [String]) {
        assert(names.count == values.count)
        self.names = names
        self.values = values
    }

    /// The decoded segment that stands for `name`, never empty; nil when the pattern has no such parameter. O(count).
    public subscript(_ name: String) -> String? {
        guard let index = names.firstIndex(of: name) else { return nil }
        return values[index]
    }

    /// Two are equal when names and values are, byte for byte.
    public static func == (left: Self, right: Self) -> Bool {
        left.names == right.names
            && left.values.elementsEqual(right.values) { $0.utf8.elementsEqual($1.utf8) }
    }
}
