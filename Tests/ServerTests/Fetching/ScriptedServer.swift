import Glibc
import Reactor
import Synchronization

@testable import Server

/// A server on loopback that a test scripts: each connection gets the bytes of `answer` and then, unless the answer
/// stalls, its end.
final class ScriptedServer: Sendable {
    /// What a connection gets after its request.
    struct Answer: Sendable {
        let text: String
        /// Whether the connection stays open without another byte.
        var stalls = false

        /// A document that may be used for `maxAge` seconds.
        static func document(_ text: String, maxAge: Int) -> Answer {
            let head = ["HTTP/1.1 200 OK", "Cache-Control: max-age=\(maxAge)", "Content-Length: \(text.utf8.count)"]
            return Answer(text: head.joined(separator: "\r\n") + "\r\n\r\n" + text)
        }

        /// An answer without a document.
        static let unavailable = Answer(text: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    }

    private struct State {
        var answer: Answer
        var requestCount = 0
        var open: [Int32] = []
    }

    private let listener: Int32
    private let port: UInt16
    private let state: Mutex<State>
    private let thread = Mutex<ReactorThread?>(nil)

    init(_ answer: Answer) throws {
        guard let address = ListenAddress("127.0.0.1:0") else { preconditionFailure("no address") }
        let opened = try Listeners.open(address, count: 1)
        listener = opened.descriptors[0]
        port = opened.port
        state = Mutex(State(answer: answer))
        let serving = ReactorThread(name: "scripted") { [self] in serve() }
        thread.withLock { $0 = serving }
    }

    /// Ends the server and its connections. To be called once.
    func end() {
        _ = shutdown(listener, Int32(SHUT_RDWR))
        thread.withLock { $0 }?.join()
        close(listener)
        endStalls()
    }

    /// Closes the connections whose answer stalls.
    func endStalls() {
        let descriptors = state.withLock { state in
            defer { state.open = [] }
            return state.open
        }
        for descriptor in descriptors { close(descriptor) }
    }

    func url(isSecure: Bool = false) throws -> FetchURL {
        guard let url = FetchURL("\(isSecure ? "https" : "http")://127.0.0.1:\(port)/keys.json") else {
            preconditionFailure("no URL")
        }
        return url
    }

    /// Answers all further requests like this.
    func use(_ answer: Answer) { state.withLock { $0.answer = answer } }

    /// Requests that arrived.
    var requestCount: Int { state.withLock { $0.requestCount } }

    private func serve() {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0, errno == EINTR { continue }
            guard descriptor >= 0 else { return }
            var bytes = [UInt8](repeating: 0, count: 4_096)
            // The request is small, so that it arrives whole.
            let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
            let answer = state.withLock { state in
                state.requestCount += count > 0 ? 1 : 0
                if state.answer.stalls { state.open.append(descriptor) }
                return state.answer
            }
            let text = Array(answer.text.utf8)
            _ = unsafe send(descriptor, text, text.count, Int32(MSG_NOSIGNAL))
            if !answer.stalls { close(descriptor) }
        }
    }
}
