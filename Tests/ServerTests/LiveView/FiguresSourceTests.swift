import Testing

@testable import Server

@Suite struct FiguresSourceTests {
    private static let secret = "a-secret-of-16-b"

    private func refusal(_ server: String, _ secret: String = Self.secret) -> LiveViewError? {
        do throws(LiveViewError) {
            _ = try FiguresSource(server: server, secret: secret)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["http://127.0.0.1:8080", "https://chat.example/", "http://10.0.0.5:9464", "http://[::1]:1/below"])
    func `a server is a URL, with a path perhaps, on another machine too`(server: String) {
        #expect(refusal(server) == nil)
    }

    @Test(arguments: ["", "127.0.0.1:8080", "ftp://x", "http://", "http://u:p@x", "http://x?y", "http://x y"])
    func `what is no URL of a server is refused`(server: String) {
        #expect(refusal(server) == .badURL(server))
    }

    @Test func `a secret that no server has is not sent`() {
        #expect(refusal("http://x", "short") == .badSecret)
        #expect(refusal("http://x", "a-secret-of-16-b\r\nX: y") == .badSecret)
    }

    @Test func `an error says what to do and has a status`() {
        let statuses: [(LiveViewError, Int32)] = [
            (.badURL("x"), 64), (.noTerminal, 64), (.refused(status: 401), 77), (.absent, 69),
            (.unanswered(reason: "x: Connection refused"), 69),
        ]
        for (error, status) in statuses { #expect(error.exitStatus == status) }
        #expect(LiveViewError.absent.description.contains("SHOPSTREAM_ADMIN_SECRET"))
        #expect(LiveViewError.refused(status: 429).description != LiveViewError.refused(status: 401).description)
    }
}
