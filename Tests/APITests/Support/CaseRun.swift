import API
import Chat
import FoundationEssentials
import HTTP
import HTTPTypes
import Primitives
import Storage
import Testing

/// Sends the requests of one case to the table of routes, as the connections of the server would.
struct CaseRun {
    static let publicURL = "https://chat.example"

    let context: TestContext
    private let table = RouteTable(
        hasStream: true, hasDemo: true, hasMetrics: true, hasAdmin: true, prefixes: RoutePrefixes())
    private var names = [
        "shop": "shop", "other": "other", "admin": "ada", "member": "grace", "outsider": "mallory",
    ]

    init(isSigned: Bool, isFull: Bool = false) async throws {
        context = TestContext(isSigned: isSigned, messageCountMax: isFull ? 1 : 1_000)
        for (shop, user, role) in [
            ("shop", "ada", "admin"), ("shop", "grace", "member"), ("other", "ada", "member"),
        ] {
            try await context.memory.importMembers(
                [Membership(shopID: ShopID(shop), userID: UserID(user), role: role == "admin" ? .admin : .member)],
                at: context.civilTime)
        }
    }

    /// Sends a request and compares its answer.
    mutating func send(_ request: CaseRequest, in name: String) async throws {
        let (method, target) = try parts(of: request)
        let body = try self.body(of: request)
        var fields = HTTPFields()
        for (name, value) in request.fields ?? [:] {
            fields[try #require(HTTPField.Name(name))] = filled(value)
        }
        if let token = token(of: request) { fields[.authorization] = "Bearer \(token)" }
        if request.form != nil { fields[.contentType] = "multipart/form-data; boundary=boundary" }
        let head = RequestHead(
            method: method, path: target.path, rawQuery: target.query, fields: fields,
            body: body.map { .length($0.count) } ?? .none)
        let response = await answer(head, body ?? [])
        let bytes = try await whole(response.body)
        try compare(response, bytes, with: request, in: "\(name): \(request.send)")
        for (name, path) in request.save ?? [:] {
            let json = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            guard case .text(let text)? = json.value(at: path) else { throw CaseError.nothingToSave(path) }
            names[name] = text
        }
    }

    /// The response to a GET of a user, for tests of single answers.
    static func get(_ target: String, by user: String, in context: TestContext) async -> Response {
        let table = RouteTable(
            hasStream: true, hasDemo: true, hasMetrics: true, hasAdmin: true, prefixes: RoutePrefixes())
        let halves = target.split(separator: "?", maxSplits: 1)
        let head = RequestHead(
            method: .get, path: String(halves[0]), rawQuery: halves.count > 1 ? String(halves[1]) : nil,
            fields: [.authorization: "Bearer user:\(user)"])
        let source = RequestSource(connection: ConnectionID(slot: 1, generation: 1))
        do throws(APIError) {
            let plan = try table.plan(for: head, in: context)
            return try await RouteTable.answer(Request(plan, .bytes([]), from: source), in: context)
        } catch {
            return Response(error)
        }
    }

    // MARK: - The request

    private enum CaseError: Error {
        case nothingToSave(String)
    }

    /// A text with its placeholders filled: `{name}`, and `{x*100}` for a hundred x.
    private func filled(_ text: String) -> String {
        var result = text
        for (name, value) in names { result = result.replacing("{\(name)}", with: value) }
        guard let start = result.firstRange(of: "{x*"), let end = result[start.upperBound...].firstIndex(of: "}"),
            let count = Int(result[start.upperBound..<end])
        else { return result }
        return String(result[..<start.lowerBound]) + String(repeating: "x", count: count)
            + String(result[result.index(after: end)...])
    }

    private func parts(
        of request: CaseRequest
    ) throws -> (method: HTTPRequest.Method, target: (path: String, query: String?)) {
        let words = request.send.split(separator: " ", maxSplits: 1)
        let method = try #require(HTTPRequest.Method(String(words[0])))
        let target = filled(String(words[1])).replacing(Self.publicURL, with: "")
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return (method, (String(halves[0]), halves.count > 1 ? String(halves[1]) : nil))
    }

    private func token(of request: CaseRequest) -> String? {
        if let token = request.token { return token }
        return request.by.flatMap { names[$0] }.map { "user:\($0)" }
    }

    private func body(of request: CaseRequest) throws -> [UInt8]? {
        if let json = request.json { return Array(try JSONEncoder().encode(json.mapTexts(filled))) }
        if let text = request.text { return Array(filled(text).utf8) }
        guard let form = request.form else { return nil }
        var bytes: [UInt8] = []
        for part in form {
            let file = part.hex == nil ? "" : "; filename=\"a.png\""
            bytes += "--boundary\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(file)\r\n\r\n".utf8
            var content = part.hex.map(Self.bytes(ofHex:)) ?? Array(filled(part.text ?? "").utf8)
            content += Array(repeating: 0, count: max(0, (part.padTo ?? 0) - content.count))
            bytes += content + Array("\r\n".utf8)
        }
        return bytes + Array("--boundary--\r\n".utf8)
    }

    private static func bytes(ofHex hex: String) -> [UInt8] {
        var digits = hex[...]
        var bytes: [UInt8] = []
        while !digits.isEmpty {
            bytes.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
            digits = digits.dropFirst(2)
        }
        return bytes
    }

    // MARK: - The answer

    private func answer(_ head: RequestHead, _ body: [UInt8]) async -> Response {
        let source = RequestSource(connection: ConnectionID(slot: 1, generation: 1))
        do throws(APIError) {
            let plan = try table.plan(for: head, in: context)
            let content = try await content(plan.body, body)
            return try await RouteTable.answer(Request(plan, content, from: source), in: context)
        } catch {
            return Response(error)
        }
    }

    /// Reads the body as a connection does: piece by piece.
    private func content(
        _ reading: BodyReading, _ body: [UInt8]
    ) async throws(APIError) -> RequestContent {
        let form: ImageFormReader
        switch reading {
        case .dropped: return .bytes([])
        case .kept: return .bytes(body)
        case .upload(let reader): form = reader
        }
        var upload = ImageUpload(form, partialName: context.newIdentifier())
        var rest = body[...]
        while !rest.isEmpty {
            try upload.form.receive(Array(rest.prefix(10_000)).span)
            rest = rest.dropFirst(10_000)
            guard upload.isPieceFull else { continue }
            let piece = upload.takePiece()
            do throws(StorageError) {
                try await context.images.append(piece.bytes, to: upload.partial, at: piece.offset)
            } catch {
                throw context.storageFailure(error)
            }
        }
        return .upload(upload)
    }

    private func whole(_ body: ResponseBody) async throws -> [UInt8] {
        switch body {
        case .whole(let bytes): return bytes
        case .enveloped(let body):
            var bytes: [UInt8] = []
            body.append(to: &bytes)
            return bytes
        case .pieces(let first, var rest, let byteCount):
            var bytes = first
            while true {
                let piece = try await rest.next()
                bytes += piece.bytes
                if piece.isLast { break }
            }
            if let byteCount { #expect(bytes.count == byteCount) }
            return bytes
        }
    }

    private func compare(
        _ response: Response, _ bytes: [UInt8], with request: CaseRequest, in place: String
    ) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        if let status = request.status {
            #expect(response.status.code == status, "\(place): \(text.prefix(200))")
        } else {
            #expect(response.status.code < 300, "\(place): \(text.prefix(200))")
        }
        let json = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        if let code = request.code { #expect(json?.value(at: "code") == .text(code), "\(place): \(text.prefix(200))") }
        for (name, value) in request.has ?? [:] {
            let sent =
                name == "Content-Type"
                ? response.contentType?.description : HTTPField.Name(name).flatMap { response.fields[$0] }
            #expect(sent == value.map(filled), "\(place): \(name)")
        }
        if let body = request.body {
            #expect(body.mapTexts(filled).isMatched(by: json), "\(place): \(text.prefix(400))")
        }
        if let part = request.contains { #expect(text.contains(filled(part)), "\(place): \(text.prefix(200))") }
    }
}
