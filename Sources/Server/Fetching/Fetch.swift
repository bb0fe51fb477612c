import HTTP
import HTTPTypes
import Primitives

/// The complete answer to a request of `Fetch`.
struct FetchAnswer: Hashable, Sendable {
    let status: Int
    let fields: HTTPFields
    let body: [UInt8]
}

/// Reads an answer as its bytes arrive. A value without I/O.
struct FetchAnswerReader {
    private var parser = ResponseParser()
    private var head: ResponseHead?
    private var body: [UInt8] = []
    private let byteCountMax: Int

    /// A reader of an answer with a body of at most `byteCountMax` bytes.
    init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

    /// Takes received bytes. Returns the answer once it is complete.
    mutating func received(_ bytes: [UInt8]) throws(FetchError) -> FetchAnswer? {
        do throws(HTTPParseError) {
            var consumed = 0
            while true {
                switch try parser.next(bytes.span, consumed: &consumed) {
                case .needMore: return nil
                case .informational: break
                case .head(let head):
                    self.head = head
                    parser.setBodyBytesMax(byteCountMax)
                case .body(let range): body += bytes[range]
                case .end: return answer
                }
            }
        } catch {
            throw FetchError(reason: "the answer is no HTTP, or too large: \(error)")
        }
    }

    /// The connection ended. Returns the answer if that is its end.
    mutating func ended() throws(FetchError) -> FetchAnswer {
        do throws(HTTPParseError) {
            if try parser.inputEnded() == .end, let answer { return answer }
        } catch {
            throw FetchError(reason: "the answer is incomplete: \(error)")
        }
        throw FetchError(reason: "the server ended the connection before its answer")
    }

    private var answer: FetchAnswer? {
        head.map { FetchAnswer(status: $0.status.code, fields: $0.fields, body: body) }
    }
}

/// Sends one request over a connection of its own. Redirects are not followed. For a thread that may wait.
enum Fetch {
    /// The answer, whose body has at most `byteCountMax` bytes.
    ///
    /// - Parameter wait: How long all of it may take, apart from the look-up of the host's addresses.
    static func send(
        _ method: HTTPRequest.Method, _ url: FetchURL, fields: HTTPFields, body: [UInt8]? = nil,
        byteCountMax: Int, wait: Duration
    ) throws(FetchError) -> FetchAnswer {
        let channel = try FetchChannel(url, deadline: .now + wait)
        var fields = fields
        fields[.userAgent] = "shopstream"
        fields[.connection] = "close"
        var request: [UInt8] = []
        RequestWriter.append(
            method, target: url.target, authority: url.authority, fields: fields, body: body, to: &request)
        try channel.send(request)
        var reader = FetchAnswerReader(byteCountMax: byteCountMax)
        while true {
            let bytes = try channel.receive()
            guard !bytes.isEmpty else { return try reader.ended() }
            if let answer = try reader.received(bytes) { return answer }
        }
    }
}
