import HTTP
import HTTPTypes
import Primitives

/// A document that was fetched.
struct FetchedDocument: Hashable, Sendable {
    let body: [UInt8]
    /// How long it may be used without another fetch (RFC 9111, section 4.2); nil when the server does not say.
    let freshness: Duration?
}

/// The answer to the request for a document, as its bytes arrive. A value without I/O.
struct DocumentAnswer {
    private var parser = ResponseParser()
    private var freshness: Duration?
    private var body: [UInt8] = []
    private let byteCountMax: Int

    /// An answer of at most `byteCountMax` bytes.
    init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

    /// Takes received bytes. Returns the document once it is complete. Redirects are not followed.
    mutating func received(_ bytes: [UInt8]) throws(FetchError) -> FetchedDocument? {
        do {
            var consumed = 0
            while true {
                switch try parser.next(bytes.span, consumed: &consumed) {
                case .needMore: return nil
                case .informational: break
                case .head(let head):
                    guard head.status.code == 200 else { throw FetchError(reason: "the answer is \(head.status.code)") }
                    freshness = Self.freshness(head.fields)
                    parser.setBodyBytesMax(byteCountMax)
                case .body(let range): body += bytes[range]
                case .end: return document
                }
            }
        } catch let error as FetchError {
            throw error
        } catch {
            throw FetchError(reason: "the answer is no HTTP, or too large: \(error)")
        }
    }

    /// The connection ended. Returns the document if that is its end.
    mutating func ended() throws(FetchError) -> FetchedDocument {
        do throws(HTTPParseError) {
            if try parser.inputEnded() == .end { return document }
        } catch {
            throw FetchError(reason: "the answer is incomplete: \(error)")
        }
        throw FetchError(reason: "the server ended the connection before its answer")
    }

    private var document: FetchedDocument { FetchedDocument(body: body, freshness: freshness) }

    /// `max-age` of `Cache-Control`, less the answer's `Age`; zero when it may not be stored or not be used without
    /// asking; nil when nothing is said.
    private static func freshness(_ fields: HTTPFields) -> Duration? {
        guard let value = fields[.cacheControl] else { return nil }
        let directives = value.split(separator: ",").map { $0.trimmingSpaces.lowercased() }
        if directives.contains(where: { $0 == "no-store" || $0 == "no-cache" }) { return .zero }
        guard let directive = directives.first(where: { $0.hasPrefix("max-age=") }),
            let seconds = UInt32(directive.dropFirst("max-age=".count))
        else { return nil }
        let age = fields[.age].flatMap { UInt32($0) } ?? 0
        return .seconds(seconds - min(seconds, age))
    }
}

/// Fetches one document by `GET`, over a connection of its own. For a thread that may wait.
enum DocumentFetch {
    /// How long all of it may take, apart from the look-up of the host's addresses.
    static let wait: Duration = .seconds(10)

    /// The document, of at most `byteCountMax` bytes.
    static func fetch(_ url: FetchURL, byteCountMax: Int) throws(FetchError) -> FetchedDocument {
        let channel = try FetchChannel(url, deadline: .now + wait)
        var request: [UInt8] = []
        RequestWriter.append(
            .get, target: url.target, authority: url.authority,
            fields: [.accept: "application/json", .userAgent: "shopstream", .connection: "close"], to: &request)
        try channel.send(request)
        var answer = DocumentAnswer(byteCountMax: byteCountMax)
        while true {
            let bytes = try channel.receive()
            guard !bytes.isEmpty else { return try answer.ended() }
            if let document = try answer.received(bytes) { return document }
        }
    }
}
