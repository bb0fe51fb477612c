import Auth
import HTTP
import HTTPTypes
import JSON
import Storage

/// A request's failure as the client sees it: status, stable code, one line of text.
package struct APIError: Error, Sendable {
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

// The table of errors: every refusal of a route is in it.
extension APIError {
    static let malformedBody = APIError(
        status: .badRequest, code: "malformed_body", message: "The body is not the JSON object that this route takes.")
    static let messageEmpty = APIError(
        status: .badRequest, code: "message_empty", message: "The message is empty.")
    static let badSince = APIError(
        status: .badRequest, code: "bad_since", message: "'since' is not a time in RFC 3339 form.")
    static let badParent = APIError(
        status: .badRequest, code: "bad_parent", message: "'parent_id' is not a message of this shop.")
    static let badPage = APIError(
        status: .badRequest, code: "bad_page", message: "'page' must be a whole number, 1 or more.")
    static let pageTooDeep = APIError(
        status: .badRequest, code: "page_too_deep",
        message: "Numbered pages reach \(ServerLimits.pageDepthMax) messages deep. Go on with 'before_id'.")
    static let twoCursors = APIError(
        status: .badRequest, code: "two_cursors", message: "'before_id' and 'after_id' exclude each other.")
    static let foreignCursor = APIError(
        status: .badRequest, code: "foreign_cursor", message: "The cursor is a message of another shop.")
    static let unknownCursor = APIError(
        status: .notFound, code: "unknown_cursor", message: "The cursor is no message.")
    static let messageNotFound = APIError(
        status: .notFound, code: "message_not_found", message: "There is no such message.")
    static let imageNotFound = APIError(status: .notFound, code: "image_not_found", message: "There is no such image.")
    static let notAuthor = APIError(
        status: .forbidden, code: "not_the_author", message: "The message is another user's.")
    static let notUploader = APIError(
        status: .forbidden, code: "not_the_uploader", message: "The image is another user's.")
    static let imageInUse = APIError(
        status: .conflict, code: "image_in_use", message: "A message names the image: delete that.")
    static let imageTooLarge = APIError(
        status: .contentTooLarge, code: "image_too_large",
        message: "The image is larger than \(Limits.imageByteCountMax) bytes.")
    static let unknownImageType = APIError(
        status: .unsupportedMediaType, code: "unknown_image_type",
        message: "The file is neither JPEG nor PNG, GIF or WebP.")
    static let compressedBody = APIError(
        status: .unsupportedMediaType, code: "content_coding_not_supported",
        message: "The body has a content coding; send it as it is.", fields: [.acceptEncoding: "identity"])
    static let tooManyUploads = APIError(
        status: .serviceUnavailable, code: "too_many_uploads", message: "Too many images are being uploaded.",
        fields: [.retryAfter: "2"])
    static let tooManyOwnUploads = APIError(
        status: .tooManyRequests, code: "too_many_own_uploads", message: "You are uploading too many images at a time.",
        fields: [.retryAfter: "2"])
    static let tooManyOwnReads = APIError(
        status: .tooManyRequests, code: "too_many_own_reads", message: "You have too many reads in flight.",
        fields: [.retryAfter: "1"])
    static let tooManyResponses = APIError(
        status: .serviceUnavailable, code: "too_many_responses", message: "Too many large answers are being read.",
        fields: [.retryAfter: "2"])
    static let badImageLink = APIError(
        status: .forbidden, code: "bad_image_link", message: "The link to the image is invalid or has expired.")
    static let notMember = APIError(
        status: .forbidden, code: "not_a_member", message: "You are not a member of this shop.")
    static let originRefused = APIError(
        status: .forbidden, code: "origin_refused", message: "This origin may not open streams.")
    static let notFound = APIError(status: .notFound, code: "not_found", message: "There is no such resource.")
    static let draining = APIError(
        status: .serviceUnavailable, code: "draining", message: "The server is stopping. Try again shortly.",
        fields: [.retryAfter: "5"])
    static let storeInUse = APIError(
        status: .serviceUnavailable, code: "store_in_use",
        message: "Another server uses the store: this one is ready when that one has ended.",
        fields: [.retryAfter: "1"])
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

    static func repeatedField(_ name: String) -> APIError {
        APIError(status: .badRequest, code: "repeated_field", message: "'\(name)' is in the form more than once.")
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

    static func tooManyOwnWrites(retryAfterSeconds: Int) -> APIError {
        APIError(
            status: .tooManyRequests, code: "too_many_own_writes", message: "You are writing too fast.",
            fields: [.retryAfter: String(retryAfterSeconds)])
    }

    static func uploadQuotaExceeded(retryAfterSeconds: Int) -> APIError {
        APIError(
            status: .tooManyRequests, code: "upload_quota_exceeded",
            message: "You have uploaded too many bytes within the last hour.",
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

    init(_ error: MultipartError) {
        let status: HTTPResponse.Status =
            switch error {
            case .notMultipart: .unsupportedMediaType
            case .malformedBoundary, .malformedPart, .partHeadTooLarge, .tooManyParts, .truncated: .badRequest
            }
        self.init(status: status, code: error.rawValue, message: "The body is not the form that this route takes.")
    }

    init(_ error: StorageError) {
        self.init(
            status: HTTPResponse.Status(code: error.kind.httpStatus), code: error.kind.code,
            message: error.kind.message, fields: error.kind.httpStatus == 503 ? [.retryAfter: "1"] : [:])
    }
}
