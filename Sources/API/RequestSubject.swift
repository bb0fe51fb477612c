internal import Auth
internal import HTTP
public import Logging
public import Primitives

/// The user and the shop of a request, as far as the request itself names them. Found for a log line, which is rare, so
/// that all other requests pay nothing for it.
public struct RequestSubject: Sendable {
    /// The user whose token the request has.
    public let user: UserID?
    /// The shop that its path, its query or its body names.
    public let shop: ShopID?
}

extension Context {
    /// The user and the shop of a request. Verifies the token, and reads the body, once more.
    public func subject(of request: Request) -> RequestSubject {
        var queryToken: String?
        if request.route == .stream { queryToken = (try? request.queryItem("token")) ?? nil }
        let identity = request.identity ?? (try? verifyToken(of: request.head, or: queryToken))
        return RequestSubject(user: identity?.userID, shop: shop(of: request))
    }

    /// The shop that a request names.
    public func shop(of request: Request) -> ShopID? {
        let text = request.parameters["shop_id"] ?? (try? request.queryItem("shop_id")) ?? nil
        if let text { return ShopID(text) }
        guard request.route == .createMessage else { return nil }
        return (try? CreateMessageBody(json: request.body, textByteCountMax: .max))?.shopID
    }
}

extension APIError {
    /// Its fields of a log line.
    public var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["code": "\(code)"]
        if let storeDetail { metadata["detail"] = "\(storeDetail)" }
        return metadata
    }
}
