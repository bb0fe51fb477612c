import HTTPTypes
import Testing

@testable import HTTP

@Suite struct RequestParserTests {
    // MARK: - Cutting

    @Test(arguments: RequestVector.all)
    func `a valid stream gives its requests and bodies`(vector: RequestVector) {
        let outcome = parse(vector.bytes)
        #expect(outcome.error == nil)
        #expect(outcome.heads.count == vector.requestCount)
        #expect(outcome.endCount == vector.requestCount)
        #expect(outcome.body == Array(vector.body.utf8))
        #expect(outcome.consumedByteCount == vector.bytes.count)
    }

    @Test(arguments: RequestVector.all)
    func `every cut in two gives the same events`(vector: RequestVector) {
        let whole = parse(vector.bytes)
        for cut in 0...vector.bytes.count {
            #expect(parse(vector.bytes, cuts: [cut]) == whole, "cut at \(cut)")
        }
    }

    @Test(arguments: RequestVector.all)
    func `every cut in three gives the same events`(vector: RequestVector) {
        let whole = parse(vector.bytes)
        let count = vector.bytes.count
        for first in stride(from: 0, through: count, by: 3) {
            for second in stride(from: first, through: count, by: 5) {
                #expect(parse(vector.bytes, cuts: [first, second]) == whole, "cuts at \(first), \(second)")
            }
        }
    }

    @Test(arguments: RequestVector.all)
    func `byte by byte gives the same events`(vector: RequestVector) {
        #expect(parse(vector.bytes, cuts: Array(1..<vector.bytes.count)) == parse(vector.bytes))
    }

    // MARK: - Head

    @Test func `the head has every part of the request`() throws {
        let outcome = parse("PUT /a%20b/c?d=e&f HTTP/1.1\r\nHOST: Shop:80\r\nX-One: 1\r\nx-one: 2\r\n\r\n")
        let head = try #require(outcome.heads.first)
        #expect(head.method == .put)
        #expect(head.path == "/a%20b/c")
        #expect(head.rawQuery == "d=e&f")
        #expect(head.authority == "Shop:80")
        #expect(head.version == .http11)
        #expect(head.fields[values: try #require(HTTPField.Name("X-One"))] == ["1", "2"])
        #expect(head.fields.first?.name.rawName == "HOST")
        #expect(head.body == .none)
        #expect(head.keepAlive)
        #expect(!head.upgradeRequested)
    }

    @Test func `a value that is not UTF-8 keeps its bytes`() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xe9, 0xff] + Array("\r\n\r\n".utf8)
        let field = try #require(parse(bytes).heads.first?.fields.last)
        #expect(unsafe field.withUnsafeBytesOfValue { unsafe Array($0) } == [0xe9, 0xff])
    }

    @Test(
        arguments: [
            ("/", "/", nil), ("/?", "/", ""), ("/a?b?c", "/a", "b?c"), ("/a//b/", "/a//b/", nil),
            ("/%E2%82%AC", "/%E2%82%AC", nil), ("/a?%zz", "/a", "%zz"), ("/|[]{}^`~", "/|[]{}^`~", nil),
            ("/../a", "/../a", nil), ("/a:b@c;d=e,f", "/a:b@c;d=e,f", nil), ("//a", "//a", nil),
        ] as [(String, String, String?)])
    func `a target is cut at the first question mark`(target: String, path: String, query: String?) {
        let head = parse("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").heads.first
        #expect(head?.path == path)
        #expect(head?.rawQuery == query)
    }

    @Test(arguments: [
        ("http://b/x", "/x", "b"), ("HTTP://B:80/x", "/x", "B:80"), ("https://b", "/", "b"),
        ("http://b?c", "/", "b"), ("http://[::1]:8080/", "/", "[::1]:8080"), ("http://b:/", "/", "b:"),
    ])
    func `the authority of an absolute target stands for Host`(target: String, path: String, authority: String) {
        let head = parse("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").heads.first
        #expect(head?.path == path)
        #expect(head?.authority == authority)
    }

    @Test func `an absolute target of OPTIONS without a path means the server`() {
        #expect(parse("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n").heads.first?.path == "*")
        #expect(parse("OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n").heads.first?.path == "/")
        #expect(parse("OPTIONS http://b?c HTTP/1.1\r\nHost: a\r\n\r\n").heads.first?.path == "/")
    }

    @Test(arguments: [
        "a", "shop.example", "shop.example:8080", "127.0.0.1:1", "[::1]", "[2001:db8::1]:443", "a_b", "a:65535", "a:",
        "xn--sdkeinkugeln-7jb.example", "a%41b",
    ])
    func `a valid Host is accepted`(host: String) {
        #expect(parse("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").heads.first?.authority == host)
    }

    @Test func `HTTP 1_0 needs no Host`() {
        let head = parse("GET / HTTP/1.0\r\n\r\n").heads.first
        #expect(head?.version == .http10)
        #expect(head?.authority == nil)
    }

    @Test(arguments: ["HTTP/1.1", "HTTP/1.2", "HTTP/1.9"])
    func `a later minor version is treated as 1_1`(version: String) {
        #expect(parse("GET / \(version)\r\nHost: a\r\n\r\n").heads.first?.version == .http11)
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: CLOSE\r\n", false), ("HTTP/1.1", "Connection: keep-alive\r\n", true),
        ("HTTP/1.1", "Connection: keep-alive, close\r\n", false), ("HTTP/1.1", "Connection: closed\r\n", true),
        ("HTTP/1.1", "Connection: x\r\nConnection: , close\r\n", false), ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true), ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
    ])
    func `the connection persists as the version and its options say`(version: String, field: String, persists: Bool) {
        #expect(parse("GET / \(version)\r\nHost: a\r\n\(field)\r\n").heads.first?.keepAlive == persists)
    }

    @Test(arguments: [
        ("HTTP/1.1", "Upgrade", true), ("HTTP/1.1", "keep-alive, upgrade", true), ("HTTP/1.1", "upgraded", false),
        ("HTTP/1.1", "keep-alive", false), ("HTTP/1.0", "upgrade", false),
    ])
    func `an upgrade is the token of Connection in HTTP 1_1`(version: String, connection: String, requested: Bool) {
        let outcome = parse("GET / \(version)\r\nHost: a\r\nConnection: \(connection)\r\nUpgrade: websocket\r\n\r\n")
        #expect(outcome.heads.first?.upgradeRequested == requested)
    }

    @Test(arguments: [
        ("HTTP/1.1", "Content-Length: 5\r\n", "100-continue", true),
        ("HTTP/1.1", "Content-Length: 5\r\n", "100-Continue", true),
        ("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "100-continue", true),
        ("HTTP/1.1", "Content-Length: 0\r\n", "100-continue", false),
        ("HTTP/1.1", "", "100-continue", false),
        ("HTTP/1.0", "Content-Length: 5\r\n", "100-continue", false),
    ])
    func `the continuation is expected where a body follows in HTTP 1_1`(
        version: String, framing: String, expectation: String, expected: Bool
    ) {
        let head = parse("POST / \(version)\r\nHost: a\r\n\(framing)Expect: \(expectation)\r\n\r\n").heads.first
        #expect(head?.expectsContinue == expected)
    }

    @Test(arguments: [("0", 0), ("00", 0), ("7", 7), ("007", 7), ("131072", 131_072)])
    func `a length is a decimal number`(text: String, length: Int) {
        let head = parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(text)\r\n\r\n").heads.first
        #expect(head?.body == .length(length))
    }

    // MARK: - The contract of next

    @Test func `bytes after the end are left to the caller`() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2".utf8)
        var parser = RequestParser()
        var consumed = 0
        guard case .head = try parser.next(bytes.span, consumed: &consumed) else {
            Issue.record("no head")
            return
        }
        #expect(try parser.next(bytes.span, consumed: &consumed) == .end)
        #expect(consumed == bytes.count - 6)
        #expect(parser.isIdle)
        #expect(try parser.next(bytes.span, consumed: &consumed) == .needMore)
        #expect(consumed == bytes.count)
        #expect(!parser.isIdle)
        #expect(parser.isWithinHead)
    }

    @Test func `an empty line alone begins no request`() {
        var parser = RequestParser()
        #expect(feed(Array("\r\n".utf8), to: &parser) == Outcome(consumedByteCount: 2))
        #expect(parser.isIdle)
        #expect(!parser.isWithinHead)
    }

    @Test func `a parser is not idle until the end of the body`() {
        var parser = RequestParser()
        _ = feed(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na".utf8), to: &parser)
        #expect(!parser.isIdle)
        #expect(!parser.isWithinHead)
        _ = feed([1], to: &parser)
        #expect(parser.isIdle)
    }

    @Test func `an error is final and consumes nothing more`() {
        var parser = RequestParser()
        #expect(feed(Array("GET\n".utf8), to: &parser).error == .bareLineBreak)
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var consumed = 0
        #expect(throws: HTTPParseError.bareLineBreak) { try parser.next(bytes.span, consumed: &consumed) }
        #expect(consumed == 0)
        #expect(!parser.isIdle)
        #expect(!parser.isWithinHead)
    }

    @Test func `every error has a status of an error and a code of its own`() {
        for error in HTTPParseError.allCases { #expect((400...505).contains(error.status.code)) }
        #expect(Set(HTTPParseError.allCases.map(\.code)).count == HTTPParseError.allCases.count)
    }

    @Test func `an idle parser is small and holds no heap memory`() {
        #expect(MemoryLayout<RequestParser>.size <= 176)
        var parser = RequestParser()
        for vector in RequestVector.all where vector.requestCount == 1 && !vector.text.contains("close") {
            _ = feed(vector.bytes, cuts: Array(1..<vector.bytes.count), to: &parser)
        }
        _ = feed(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1".utf8), cuts: [3, 40], to: &parser)
        for child in Mirror(reflecting: parser).children {
            if let lines = child.value as? LineReader { #expect(lines.held.capacity == 0) }
            if child.label == "unfinishedHead" { #expect("\(child.value)" == "[]") }
        }
    }

    @Test func `an offset beyond the input stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var parser = RequestParser()
            var consumed = 2
            _ = try parser.next([1].span, consumed: &consumed)
        }
    }
}
