public import Auth
public import HTTP
public import HTTPTypes
internal import JSON
public import Storage

/// A request's failure as the client sees it: status, stable code, one line of text.
public struct APIError: Error, Sendable {
    /// The status of the response.
    public let status: HTTPResponse.Status
    /// The stable code, which clients compare.
    public let code: String
    /// One line of text for people.
    public let message: String
    /// Further fields of the response.
    public let fields: FieldLines
    /// What the log says of a store's failure, and the client does not receive; nil for all other errors.
    public let storeDetail: String?

    /// An error of another module's table.
    public init(
        status: HTTPResponse.Status, code: String, message: String, fields: FieldLines = [:],
        storeDetail: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.storeDetail = storeDetail
    }

    /// Whether the server fails, or is short of something. The 501 and 505 of other errors are the client's fault.
    public var isServerFailure: Bool { status == .internalServerError || status == .serviceUnavailable }

    private init(_ status: HTTPResponse.Status, _ code: Code, _ message: String, _ fields: FieldLines = [:]) {
        self.init(status: status, code: code.rawValue, message: message, fields: fields)
    }

    /// `{"message":…,"code":…}`
    public var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"message\":")
        writer.string(message)
        writer.raw(",\"code\":")
        writer.string(code)
        writer.raw("}")
        return writer.bytes
    }

    /// The codes of the table below. Other tables have codes of their own, see the initialisers.
    package enum Code: String, CaseIterable, Sendable {
        case malformedBody = "malformed_body"
        case messageEmpty = "message_empty"
        case badSince = "bad_since"
        case badParent = "bad_parent"
        case badPage = "bad_page"
        case pageTooDeep = "page_too_deep"
        case twoCursors = "two_cursors"
        case foreignCursor = "foreign_cursor"
        case unknownCursor = "unknown_cursor"
        case messageNotFound = "message_not_found"
        case imageNotFound = "image_not_found"
        case notTheAuthor = "not_the_author"
        case notTheUploader = "not_the_uploader"
        case imageInUse = "image_in_use"
        case imageTooLarge = "image_too_large"
        case unknownImageType = "unknown_image_type"
        case contentCodingNotSupported = "content_coding_not_supported"
        case tooManyUploads = "too_many_uploads"
        case tooManyOwnUploads = "too_many_own_uploads"
        case tooManyOwnReads = "too_many_own_reads"
        case tooManyResponses = "too_many_responses"
        case badImageLink = "bad_image_link"
        case notAMember = "not_a_member"
        case badAdminSecret = "bad_admin_secret"
        case originRefused = "origin_refused"
        case notFound = "not_found"
        case draining = "draining"
        case storeInUse = "store_in_use"
        case serverFull = "server_full"
        case tooManyConnections = "too_many_connections"
        case requestTimeout = "request_timeout"
        case missingField = "missing_field"
        case repeatedField = "repeated_field"
        case messageTooLong = "message_too_long"
        case badLimit = "bad_limit"
        case methodNotAllowed = "method_not_allowed"
        case tooManyAttempts = "too_many_attempts"
        case tooManyOwnWrites = "too_many_own_writes"
        case uploadQuotaExceeded = "upload_quota_exceeded"
    }
}

// The table of errors: every refusal of a route is in it.
extension APIError {
    package static let malformedBody = APIError(
        .badRequest, .malformedBody, "The body is not the JSON object that this route takes.")
    package static let messageEmpty = APIError(
        .badRequest, .messageEmpty, "The message is empty.")
    package static let badSince = APIError(
        .badRequest, .badSince, "'since' is not a time in RFC 3339 form.")
    package static let badParent = APIError(
        .badRequest, .badParent, "'parent_id' is not a message of this shop.")
    package static let badPage = APIError(
        .badRequest, .badPage, "'page' must be a whole number, 1 or more.")
    package static let pageTooDeep = APIError(
        .badRequest, .pageTooDeep, "Numbered pages reach \(Limits.pageDepthMax) messages deep. Go on with 'before_id'.")
    package static let twoCursors = APIError(
        .badRequest, .twoCursors, "'before_id' and 'after_id' exclude each other.")
    package static let foreignCursor = APIError(
        .badRequest, .foreignCursor, "The cursor is a message of another shop.")
    package static let unknownCursor = APIError(
        .notFound, .unknownCursor, "The cursor is no message.")
    package static let messageNotFound = APIError(
        .notFound, .messageNotFound, "There is no such message.")
    package static let imageNotFound = APIError(
        .notFound, .imageNotFound, "There is no such image.")
    package static let notAuthor = APIError(
        .forbidden, .notTheAuthor, "The message is another user's.")
    package static let notUploader = APIError(
        .forbidden, .notTheUploader, "The image is another user's.")
    package static let imageInUse = APIError(
        .conflict, .imageInUse, "A message names the image: delete that.")
    package static let imageTooLarge = APIError(
        .contentTooLarge, .imageTooLarge, "The image is larger than \(Storage.Limits.imageByteCountMax) bytes.")
    package static let unknownImageType = APIError(
        .unsupportedMediaType, .unknownImageType, "The file is neither JPEG nor PNG, GIF or WebP.")
    package static let compressedBody = APIError(
        .unsupportedMediaType, .contentCodingNotSupported, "The body has a content coding; send it as it is.",
        [.acceptEncoding: "identity"])
    package static let tooManyUploads = APIError(
        .serviceUnavailable, .tooManyUploads, "Too many images are being uploaded.", [.retryAfter: "2"])
    package static let tooManyOwnUploads = APIError(
        .tooManyRequests, .tooManyOwnUploads, "You are uploading too many images at a time.", [.retryAfter: "2"])
    package static let tooManyOwnReads = APIError(
        .tooManyRequests, .tooManyOwnReads, "You have too many reads in flight.", [.retryAfter: "1"])
    package static let tooManyResponses = APIError(
        .serviceUnavailable, .tooManyResponses, "Too many large answers are being read.", [.retryAfter: "2"])
    package static let badImageLink = APIError(
        .forbidden, .badImageLink, "The link to the image is invalid or has expired.")
    package static let badAdminSecret = APIError(
        .unauthorized, .badAdminSecret, "The request does not have the secret of the live view as its token.",
        [.wwwAuthenticate: "Bearer"])
    package static let notMember = APIError(
        .forbidden, .notAMember, "You are not a member of this shop.")
    package static let originRefused = APIError(
        .forbidden, .originRefused, "This origin may not open streams.")
    package static let notFound = APIError(
        .notFound, .notFound, "There is no such resource.")
    package static let draining = APIError(
        .serviceUnavailable, .draining, "The server is stopping. Try again shortly.", [.retryAfter: "5"])
    package static let storeInUse = APIError(
        .serviceUnavailable, .storeInUse, "Another server uses the store: this one is ready when that one has ended.",
        [.retryAfter: "1"])
    package static let full = APIError(
        .serviceUnavailable, .serverFull, "The server has no room for another stream.", [.retryAfter: "10"])
    package static let tooManyConnections = APIError(
        .tooManyRequests, .tooManyConnections, "You have too many streams open.", [.retryAfter: "10"])
    package static let requestTimeout = APIError(
        .requestTimeout, .requestTimeout, "The request took too long to arrive.")

    package static func missingField(_ name: String) -> APIError {
        APIError(
            .badRequest, .missingField, "'\(name)' is missing.")
    }

    package static func repeatedField(_ name: String) -> APIError {
        APIError(
            .badRequest, .repeatedField, "'\(name)' is in the form more than once.")
    }

    package static func messageTooLong(byteCountMax: Int) -> APIError {
        APIError(
            .badRequest, .messageTooLong, "The message is longer than \(byteCountMax) bytes.")
    }

    package static func badLimit(max: Int) -> APIError {
        APIError(
            .badRequest, .badLimit, "'limit' must be a whole number from 1 to \(max).")
    }

    package static func methodNotAllowed(allow: [HTTPRequest.Method]) -> APIError {
        APIError(
            .methodNotAllowed, .methodNotAllowed, "This path does not have that method.",
            [.allow: allow.map(\.rawValue).joined(separator: ", ")])
    }

    package static func tooManyAttempts(retryAfterSeconds: Int) -> APIError {
        APIError(
            .tooManyRequests, .tooManyAttempts, "Too many attempts. Try again later.",
            [.retryAfter: String(retryAfterSeconds)])
    }

    package static func tooManyOwnWrites(retryAfterSeconds: Int) -> APIError {
        APIError(
            .tooManyRequests, .tooManyOwnWrites, "You are writing too fast.", [.retryAfter: String(retryAfterSeconds)])
    }

    package static func uploadQuotaExceeded(retryAfterSeconds: Int) -> APIError {
        APIError(
            .tooManyRequests, .uploadQuotaExceeded, "You have uploaded too many bytes within the last hour.",
            [.retryAfter: String(retryAfterSeconds)])
    }

    /// The error of a request that failed in this way.
    public init(_ error: AuthError) {
        self.init(
            status: .unauthorized, code: error.code, message: error.message,
            fields: [.wwwAuthenticate: error.challenge])
    }

    /// The error of a request that failed in this way.
    public init(_ error: HTTPParseError) {
        self.init(status: error.status, code: error.code, message: error.status.reasonPhrase)
    }

    /// The error of a request that failed in this way.
    public init(_ error: MultipartError) {
        let status: HTTPResponse.Status =
            switch error {
            case .notMultipart: .unsupportedMediaType
            case .malformedBoundary, .malformedPart, .partHeadTooLarge, .tooManyParts, .truncated: .badRequest
            }
        self.init(status: status, code: error.rawValue, message: "The body is not the form that this route takes.")
    }

    /// The error of a request that failed in this way.
    public init(_ error: StorageError) {
        self.init(
            status: HTTPResponse.Status(code: error.kind.httpStatus), code: error.kind.code,
            message: error.kind.message, fields: error.kind.httpStatus == 503 ? [.retryAfter: "1"] : [:],
            storeDetail: error.detail)
    }
}
