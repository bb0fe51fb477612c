import Auth
import HTTP
import HTTPTypes
import Storage

/// A request's failure as the client sees it: status, stable code, one line for people.
struct APIError: Error, Sendable {
    let status: HTTPResponse.Status
    let code: String
    let message: String
    var fields: HTTPFields = [:]

    /// `{"message":…,"code":…}`
    var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"message\":")
        writer.string(message)
        writer.raw(",\"code\":")
        writer.string(code)
        writer.raw("}")
        return writer.bytes
    }
}

// The table of errors: every refusal that a route can give stands here.
extension APIError {
    static let malformedBody = APIError(
        status: .badRequest, code: "malformed_body", message: "The body is not the JSON object that this route takes.")
    static let messageEmpty = APIError(
        status: .badRequest, code: "message_empty", message: "The message is empty.")
    static let badSince = APIError(
        status: .badRequest, code: "bad_since", message: "'since' is not a time in RFC 3339 form.")
    static let badParent = APIError(
        status: .badRequest, code: "bad_parent", message: "'parent_id' is not a message of this shop.")
    static let notMember = APIError(
        status: .forbidden, code: "not_a_member", message: "You are not a member of this shop.")
    static let originRefused = APIError(
        status: .forbidden, code: "origin_refused", message: "This origin may not open streams.")
    static let notFound = APIError(status: .notFound, code: "not_found", message: "There is no such resource.")
    static let draining = APIError(
        status: .serviceUnavailable, code: "draining", message: "The server is stopping. Try again shortly.",
        fields: [.retryAfter: "5"])
    static let full = APIError(
        status: .serviceUnavailable, code: "server_full", message: "The server has no room for another stream.",
        fields: [.retryAfter: "10"])
    static let tooManyConnections = APIError(
        status: .tooManyRequests, code: "too_many_connections", message: "You have too many streams open.",
        fields: [.retryAfter: "10"])
    static let requestTimeout = APIError(
        status: .requestTimeout, code: "request_timeout", message: "The request took too long to arrive.")

    static func missingField(_ name: String) -> APIError {
        APIError(status: .badRequest, code: "missing_field", message: "'\(name)' is missing.")
    }

    static func messageTooLong(byteCountMax: Int) -> APIError {
        APIError(
            status: .badRequest, code: "message_too_long", message: "The message is longer than \(byteCountMax) bytes.")
    }

    static func badLimit(max: Int) -> APIError {
        APIError(
            status: .badRequest, code: "bad_limit", message: "'limit' must be a whole number from 1 to \(max).")
    }

    static func methodNotAllowed(allow: [HTTPRequest.Method]) -> APIError {
        APIError(
            status: .methodNotAllowed, code: "method_not_allowed", message: "This path does not have that method.",
            fields: [.allow: allow.map(\.rawValue).joined(separator: ", ")])
    }

    static func tooManyAttempts(retryAfterSeconds: Int) -> APIError {
        APIError(
            status: .tooManyRequests, code: "too_many_attempts", message: "Too many attempts. Try again later.",
            fields: [.retryAfter: String(retryAfterSeconds)])
    }

    init(_ error: AuthError) {
        self.init(
            status: .unauthorized, code: error.code, message: error.message,
            fields: [.wwwAuthenticate: error.challenge])
    }

    init(_ error: HTTPParseError) {
        self.init(status: error.status, code: error.code, message: error.status.reasonPhrase)
    }

    init(_ error: StorageError) {
        self.init(
            status: HTTPResponse.Status(code: error.kind.httpStatus), code: error.kind.code,
            message: error.kind.message, fields: error.kind.httpStatus == 503 ? [.retryAfter: "1"] : [:])
    }
}
