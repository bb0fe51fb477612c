import API
import Auth
import HTTP
import HTTPTypes
import Primitives
import Testing

/// Requests, and how their bodies are read.
@Suite struct RequestTests {
    private static let table = RouteTable(
        hasStream: true, hasDemo: false, hasMetrics: true, prefixes: RoutePrefixes())

    private func head(
        _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], query: String? = nil,
        body: RequestBodyKind = .length(1)
    ) -> RequestHead {
        RequestHead(method: method, path: "/api/v1/shops/\(path)", rawQuery: query, fields: fields, body: body)
    }

    private func request(query: String?) throws -> Request {
        let head = head(.get, "bakery/messages", query: query)
        guard case .matched(.listMessages, let parameters) = Self.table.match(head) else {
            throw APIError.notFound
        }
        return Request(
            source: RequestSource(connection: ConnectionID(slot: 1, generation: 1)), head: head, content: .bytes([]),
            parameters: parameters)
    }

    // MARK: - The token

    @Test(arguments: [
        ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER \t abc", "abc"), ("Bearer", ""), ("Bearer a b", "a b"),
    ])
    func `the token follows the scheme and white space`(field: String, token: String) {
        #expect(Request.bearerToken(of: head(.get, "messages", [.authorization: field])) == token)
    }

    @Test(arguments: [nil, "", "Basic abc", "Bearerabc", "Token Bearer abc"])
    func `a header of another scheme has no token`(field: String?) {
        let fields: HTTPFields = field.map { [.authorization: $0] } ?? [:]
        #expect(Request.bearerToken(of: head(.get, "messages", fields)) == nil)
    }

    // MARK: - The query

    @Test func `an item of the query is decoded, and may be missing`() throws {
        let request = try request(query: "a=x%20y&b=")
        #expect(try request.queryItem("a") == "x y" && request.parameters["shop_id"] == "bakery")
        #expect(try request.queryItem("b")?.isEmpty == true)
        #expect(try request.queryItem("c") == nil)
    }

    @Test func `an item that cannot be decoded is the client's error`() throws {
        let request = try request(query: "a=%zz")
        let error = #expect(throws: APIError.self) { try request.queryItem("a") }
        #expect(error?.status == .badRequest)
    }

    // MARK: - The body

    private func reading(_ head: RequestHead, in context: TestContext = TestContext()) throws -> String {
        switch try Self.table.bodyReading(of: head, in: context) {
        case .dropped: "dropped"
        case .kept: "kept"
        case .upload(_, let user): "upload of \(user.text)"
        }
    }

    @Test func `a body is kept for a route that reads it, and dropped for others`() throws {
        let token: HTTPFields = [.authorization: "Bearer user:ada"]
        #expect(try reading(head(.post, "messages", token)) == "kept")
        #expect(try reading(head(.put, "messages", token, body: .chunked)) == "kept")
        #expect(try reading(head(.post, "messages", token, body: .none)) == "dropped")
        #expect(try reading(head(.get, "bakery/messages")) == "dropped")
        #expect(try reading(head(.delete, "messages/m")) == "dropped")
        #expect(try reading(head(.post, "nowhere")) == "dropped")
        #expect(try reading(head(.patch, "messages")) == "dropped")
    }

    @Test func `a form is read as the upload of its user`() throws {
        let fields: HTTPFields = [
            .authorization: "Bearer user:ada", .contentType: "multipart/form-data; boundary=x",
        ]
        #expect(try reading(head(.post, "messages/image/upload", fields)) == "upload of ada")
    }

    private static let refusedFields: [(HTTPFields, String)] = [
        ([:], "token_missing"), ([.authorization: "Bearer expired"], "token_expired"),
        ([.authorization: "Bearer user:ada", .contentEncoding: "gzip"], "content_coding_not_supported"),
        ([.authorization: "Bearer user:ada", .contentEncoding: "identity, br"], "content_coding_not_supported"),
    ]

    @Test(arguments: refusedFields)
    func `a body is refused by its head`(fields: HTTPFields, code: String) {
        let context = TestContext()
        let error = #expect(throws: APIError.self) { try reading(head(.post, "messages", fields), in: context) }
        #expect(error?.code == code)
        #expect(context.refusedTokens.count == (error?.status == .unauthorized ? 1 : 0))
    }

    @Test func `a body may name the identity coding`() throws {
        let fields: HTTPFields = [.authorization: "Bearer user:ada", .contentEncoding: "Identity"]
        #expect(try reading(head(.post, "messages", fields)) == "kept")
    }
}
