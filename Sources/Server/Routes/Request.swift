import HTTP
import HTTPTypes
import Primitives
import Reactor

/// A complete request, as a route's handler receives it.
struct Request: Sendable {
    let source: RequestSource
    let head: RequestHead
    /// The contents of its body.
    let content: RequestContent
    let parameters: PathParameters

    var connection: ConnectionID { source.connection }
    /// The client's address; behind trusted proxies, the one that they name.
    var address: PeerAddress? { source.address }

    /// The token of the `Authorization` header; nil when there is none, or another scheme.
    var bearerToken: String? { Self.bearerToken(of: head) }

    /// The same for a head whose body has not arrived.
    static func bearerToken(of head: RequestHead) -> String? {
        guard let field = head.fields[.authorization] else { return nil }
        let scheme = field.utf8.prefix { !Self.isWhiteSpace($0) }
        guard Substring(scheme).equalsIgnoringASCIICase("bearer") else { return nil }
        return String(Substring(field.utf8.dropFirst(scheme.count).drop(while: Self.isWhiteSpace)))
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

extension Request {
    /// The body as bytes; empty when it was read as an upload.
    var body: [UInt8] {
        switch content {
        case .bytes(let bytes): bytes
        case .upload: []
        }
    }

    /// The upload, when the body was read as one.
    var upload: ImageUpload? {
        switch content {
        case .bytes: nil
        case .upload(let upload): upload
        }
    }

    /// The value of an item of the query, nil when there is none.
    func queryItem(_ name: String) throws(APIError) -> String? {
        do throws(HTTPParseError) {
            return try head.query.first(name)
        } catch {
            throw APIError(error)
        }
    }
}

/// The connection on which a request arrived.
struct RequestSource: Sendable {
    let connection: ConnectionID
    let listener: ListenerKind
    /// The client's address; behind trusted proxies, the one that they name.
    let address: PeerAddress?
}

/// The contents of a request's body.
enum RequestContent: Sendable {
    /// All of its bytes.
    case bytes([UInt8])
    /// The image and its shop, read as they arrived.
    case upload(ImageUpload)
}
