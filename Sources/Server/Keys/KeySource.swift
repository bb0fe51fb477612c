import Auth
import Reactor

/// Where the keys of tokens are read from.
enum KeySource: Sendable, CustomStringConvertible {
    /// A file, which another program renews.
    case file(String)
    /// The issuer's URL.
    case url(FetchURL)

    /// The setting that names it.
    var settingName: String {
        switch self {
        case .file: "AUTH_JWKS_FILE"
        case .url: "AUTH_JWKS_URL"
        }
    }

    /// The setting's value.
    var description: String {
        switch self {
        case .file(let path): path
        case .url(let url): url.description
        }
    }

    /// The text of a key set, and how long to wait before it is read again.
    struct Reading: Sendable {
        let text: [UInt8]
        let wait: Duration
    }

    /// From one read of a file to the next, and from a failed read to the next. A key that was withdrawn from a file is
    /// refused after this time at most.
    static let period: Duration = .seconds(15)
    /// From one fetch to the next, when the issuer does not say how long its keys may be used.
    private static let fetchPeriod: Duration = .seconds(45)
    /// The longest time between two fetches, whatever the issuer says.
    private static let fetchPeriodMax: Duration = .seconds(24 * 3_600)

    /// Reads the keys. Blocks, for `FetchedDocument.wait` at most and the look-up of an address: never on a reactor.
    func readNow() throws(AuthConfigurationError) -> Reading {
        switch self {
        case .file(let path):
            return Reading(text: try KeySet.read(path: path), wait: Self.period)
        case .url(let url):
            do throws(FetchError) {
                let document = try FetchedDocument(of: url, byteCountMax: Auth.Limits.keySetByteCountMax)
                let freshness = document.freshness ?? Self.fetchPeriod
                return Reading(text: document.body, wait: min(max(freshness, Self.period), Self.fetchPeriodMax))
            } catch {
                throw .keySetUnreadable(path: url.description, reason: error.reason)
            }
        }
    }

    /// Reads the keys. A fetch waits on a thread of its own, as the pool of tasks has few.
    func read() async -> Result<Reading, AuthConfigurationError> {
        switch self {
        case .file:
            return outcome
        case .url:
            var thread: ReactorThread?
            let outcome: Result<Reading, AuthConfigurationError> = await withCheckedContinuation { continuation in
                thread = ReactorThread(name: "keys") { continuation.resume(returning: self.outcome) }
            }
            thread?.join()
            return outcome
        }
    }

    private var outcome: Result<Reading, AuthConfigurationError> {
        do throws(AuthConfigurationError) { return .success(try readNow()) } catch { return .failure(error) }
    }
}
