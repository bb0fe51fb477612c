/// Where a PostgreSQL database is: a connection URI as libpq reads it, TLS and time-outs included.
public struct PostgresLocation: Hashable, Sendable {
    /// The URI, password included: pass it to libpq only.
    let connectionString: String

    /// Why a URI cannot be used.
    public struct ParseError: Error, Hashable, Sendable {
        /// The reason that libpq gave.
        public let reason: String
    }

    /// Checks that libpq understands the URI.
    public init(_ text: String) throws(ParseError) {
        if text.utf8.contains(0) { throw ParseError(reason: "it holds a NUL") }
        if let reason = PostgresHandle.problem(with: text) {
            // The text that libpq quotes may be a part of the password.
            throw ParseError(reason: String(reason.prefix { $0 != "\"" }).trimmingLastSpace)
        }
        connectionString = text
    }

    /// The URI without user, password and parameters, each of which may be secret.
    public var redacted: String {
        var rest = connectionString[...]
        guard let scheme = rest.firstRange(of: "://") else { return "postgres://…" }
        rest = rest[scheme.upperBound...]
        if let query = rest.firstIndex(of: "?") { rest = rest[..<query] }
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        return "postgres://\(rest)"
    }
}

extension String {
    fileprivate var trimmingLastSpace: String { hasSuffix(" ") ? String(dropLast()) : self }
}
