public import Auth
public import HTTP
internal import Primitives

/// What the head of a request decides, before its body is read. Made once a request, and passed on to its handler.
public struct RequestPlan: Sendable {
    /// The request without its body.
    public let head: RequestHead
    /// Its route.
    public let match: RouteMatch<RouteName>
    /// How its body is read.
    public let body: BodyReading
    /// The user, when its token was verified to decide about the body.
    public let identity: Identity?
}

/// How the body of a request is read.
public enum BodyReading: Sendable {
    /// It is dropped, if there is one.
    case dropped
    /// It is kept whole, for a handler.
    case kept
    /// It is an upload.
    case upload(ImageFormReader)
}

extension RouteTable {
    /// Decides from the head alone what happens to a request. An error that it throws is answered at once, and the body
    /// is not read.
    public func plan(for head: RequestHead, in context: some Context) throws(APIError) -> RequestPlan {
        let match = match(head)
        guard head.body != .none, case .matched(let route, _) = match, route.readsBody else {
            return RequestPlan(head: head, match: match, body: .dropped, identity: nil)
        }
        // Authenticate before buffering: unauthenticated clients must not cost memory.
        let identity = try context.currentIdentity(of: head)
        try ContentCoding.requireIdentity(head)
        let body: BodyReading =
            route == .uploadImage ? .upload(try ImageFormReader(contentType: head[.contentType])) : .kept
        return RequestPlan(head: head, match: match, body: body, identity: identity)
    }
}

/// The codings of a request's content (RFC 9110, section 8.4). The server accepts bodies without a coding only: to
/// decode one would cost many times the bytes that it arrived in.
enum ContentCoding {
    /// Refuses a body with a coding: 415, with the codings that are accepted (section 15.5.16).
    static func requireIdentity(_ head: RequestHead) throws(APIError) {
        guard head.has(.contentEncoding) else { return }
        for value in head.values(of: .contentEncoding) {
            let bytes = value.utf8.span
            for coding in FieldList.elements(of: bytes)
            where !bytes.extracting(coding).equalsIgnoringASCIICase("identity") {
                throw .compressedBody
            }
        }
    }
}
