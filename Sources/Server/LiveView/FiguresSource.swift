import Auth
import HTTPTypes

/// Why `shopstream top` has nothing to show.
public enum LiveViewError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is no URL of a server.
    case badURL(String)
    /// No server has such a secret.
    case badSecret
    /// Standard input or output is no terminal.
    case noTerminal
    /// The server refuses the secret, or too many wrong ones came from this address.
    case refused(status: Int)
    /// The server has no live view.
    case absent
    /// There is no answer, or none of a server.
    case unanswered(reason: String)

    /// One line for the user.
    public var description: String {
        switch self {
        case .badURL(let text): "--url '\(text)': a URL such as http://127.0.0.1:8080 is expected"
        case .badSecret:
            "the secret is not one that a server has: \(Auth.Limits.adminSecretByteCounts.lowerBound) to "
                + "\(Auth.Limits.adminSecretByteCounts.upperBound) visible characters of ASCII"
        case .noTerminal: "this is no terminal: --once prints one table"
        case .refused(status: 429): "too many wrong secrets were sent from this address"
        case .refused: "the secret is not the server's SHOPSTREAM_ADMIN_SECRET"
        case .absent: "the server has no live view: its setting SHOPSTREAM_ADMIN_SECRET enables it"
        case .unanswered(let reason): reason
        }
    }

    /// The status that the command exits with (sysexits.h: usage 64, unavailable 69, permission 77).
    public var exitStatus: Int32 {
        switch self {
        case .badURL, .badSecret, .noTerminal: 64
        case .absent, .unanswered: 69
        case .refused: 77
        }
    }
}

/// Fetches the figures of a server. For a thread that may wait.
struct FiguresSource: Sendable {
    private let url: FetchURL
    private let secret: String

    /// - Parameter server: The URL of a listener that has the live view, with the path of a proxy perhaps.
    init(server: String, secret: String) throws(LiveViewError) {
        var base = server
        while base.hasSuffix("/") { base.removeLast() }
        guard !base.contains("?"), let url = FetchURL("\(base)/admin/figures", allowsPlain: true) else {
            throw .badURL(server)
        }
        guard AdminSecret(secret) != nil else { throw .badSecret }
        self.url = url
        self.secret = secret
    }

    /// The figures now.
    func fetch() throws(LiveViewError) -> LiveFigures {
        let answer: FetchAnswer
        do throws(FetchError) {
            answer = try Fetch.send(
                .get, url, fields: [.accept: "application/json", .authorization: "Bearer \(secret)"],
                byteCountMax: ServerLimits.figuresByteCountMax, wait: ServerLimits.figuresWait)
        } catch {
            throw .unanswered(reason: "\(url.authority): \(error.reason)")
        }
        switch answer.status {
        case 200: break
        case 401, 429: throw .refused(status: answer.status)
        case 404: throw .absent
        default: throw .unanswered(reason: "\(url.authority): the answer is \(answer.status)")
        }
        guard let figures = LiveFigures(json: answer.body) else {
            throw .unanswered(reason: "\(url.authority): the answer has no figures")
        }
        return figures
    }
}
