import Auth
import HTTP
import HTTPTypes
import Primitives
import Testing

@testable import API

/// Requests, and how their bodies are read.
@Suite struct RequestTests {
    private static let table = RouteTable(
        hasStream: true, hasDemo: false, hasMetrics: true, hasAdmin: false, prefixes: RoutePrefixes())

    private func head(
        _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], query: String? = nil,
        body: RequestBodyKind = .length(1)
    ) -> RequestHead {
        RequestHead(method: method, path: "/api/v1/shops/\(path)", rawQuery: query, fields: fields, body: body)
    }

    private func request(query: String?) throws -> Request {
        let head = head(.get, "bakery/messages", query: query)
        let plan = try Self.table.plan(for: head, in: TestContext())
        return Request(plan, .bytes([]), from: RequestSource(connection: ConnectionID(slot: 1, generation: 1)))
    }

    // MARK: - The token

    @Test(arguments: [
        ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER \t abc", "abc"), ("Bearer", ""), ("Bearer a b", "a b"),
    ])
    func `the token follows the scheme and white space`(field: String, token: String) {
        let bytes = Array(field.utf8)
        let range = BearerToken.range(in: bytes.span)
        #expect(range.map { String(decoding: bytes[$0], as: UTF8.self) } == token)
    }

    @Test(arguments: ["", "Basic abc", "Bearerabc", "Token Bearer abc", "Beare", "Bearer1 abc"])
    func `a header of another scheme has no token`(field: String) {
        let bytes = Array(field.utf8)
        let range = BearerToken.range(in: bytes.span)
        #expect(range == nil)
    }

    @Test func `a token that is repeated is no token`() throws {
        var fields = HTTPFields()
        for name in ["ada", "grace"] {
            fields.append(HTTPField(name: .authorization, value: "Bearer user:\(name)"))
        }
        let error = #expect(throws: APIError.self) {
            try Self.table.plan(for: head(.post, "messages", fields), in: TestContext())
        }
        #expect(error?.code == AuthError.malformed.code)
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
        let plan = try Self.table.plan(for: head, in: context)
        return switch plan.body {
        case .dropped: "dropped"
        case .kept: "kept by \(plan.identity?.userID.text ?? "nobody")"
        case .upload: "upload of \(plan.identity?.userID.text ?? "nobody")"
        }
    }

    @Test func `a body is kept for a route that reads it, and dropped for others`() throws {
        let token: HTTPFields = [.authorization: "Bearer user:ada"]
        #expect(try reading(head(.post, "messages", token)) == "kept by ada")
        #expect(try reading(head(.put, "messages", token, body: .chunked)) == "kept by ada")
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
        #expect(try reading(head(.post, "messages", fields)) == "kept by ada")
    }
}
