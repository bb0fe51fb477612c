public import HTTPTypes

/// A method and a pattern, and what they lead to.
public struct Route<Value: Sendable>: Sendable {
    /// The method that is served; `GET` serves `HEAD` too.
    public let method: HTTPRequest.Method
    /// A path whose segments are literals, or parameters when they begin with a colon: `/shops/:shop_id/messages`.
    public let pattern: String
    /// What the route leads to.
    public let value: Value

    /// A route; the pattern is checked when a router is built from it.
    public init(_ method: HTTPRequest.Method, _ pattern: String, _ value: Value) {
        self.method = method
        self.pattern = pattern
        self.value = value
    }
}
