public import HTTPTypes

/// The result of looking up a method and a path.
public enum RouteMatch<Value: Sendable>: Sendable {
    /// A route serves the request.
    case matched(Value, PathParameters)
    /// No route has the path.
    case notFound
    /// Routes have the path but not the method; `allow` is the sorted value of the `Allow` field.
    case methodNotAllowed(allow: [HTTPRequest.Method])
    /// `OPTIONS` on a path without its own route for it: a CORS preflight, or a request for `Allow`.
    case options(allow: [HTTPRequest.Method])
}

extension RouteMatch: Equatable where Value: Equatable {}

/// The decoded parameters of a path, in the order of the pattern.
public struct PathParameters: Equatable, Sendable {
    private let names: [String]
    private let values: [String]

    /// No parameters.
    public init() { (names, values) = ([], []) }

    init(names: [String], values: [String]) {
        assert(names.count == values.count)
        self.names = names
        self.values = values
    }

    /// The decoded value of the parameter `name`, never empty; nil when the pattern has no such parameter. O(count).
    public subscript(_ name: String) -> String? {
        guard let index = names.firstIndex(of: name) else { return nil }
        return values[index]
    }

    /// Compares names and values byte for byte.
    public static func == (left: Self, right: Self) -> Bool {
        left.names == right.names
            && left.values.elementsEqual(right.values) { $0.utf8.elementsEqual($1.utf8) }
    }
}
