import HTTPTypes
import Primitives

/// A document that was fetched.
struct FetchedDocument: Hashable, Sendable {
    /// How long a fetch may take, apart from the look-up of the host's addresses.
    static let wait: Duration = .seconds(10)

    let body: [UInt8]
    /// How long it may be used without another fetch (RFC 9111, section 4.2); nil when the server does not say.
    let freshness: Duration?

    /// Fetches the document, of at most `byteCountMax` bytes, within `wait`. For a thread that may wait.
    init(of url: FetchURL, byteCountMax: Int, wait: Duration) throws(FetchError) {
        self = try FetchedDocument(
            Fetch.send(.get, url, fields: [.accept: "application/json"], byteCountMax: byteCountMax, wait: wait))
    }

    /// The document of an answer. Any status but 200 is an error.
    init(_ answer: FetchAnswer) throws(FetchError) {
        guard answer.status == 200 else { throw FetchError(reason: "the answer is \(answer.status)") }
        body = answer.body
        freshness = Self.freshness(answer.fields)
    }

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
