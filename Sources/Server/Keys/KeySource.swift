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
    struct Reading: Hashable, Sendable {
        let text: [UInt8]
        let wait: Duration
    }

    /// From one read of a file to the next, and from a failed read to the next. A key that was withdrawn from a file is
    /// refused after this time at most.
    static let period: Duration = .seconds(15)
    /// From one fetch to the next, when the issuer does not say how long its keys may be used.
    static let fetchPeriod: Duration = .seconds(45)
    /// The longest time between two fetches, whatever the issuer says.
    static let fetchPeriodMax: Duration = .seconds(24 * 3_600)

    /// From a fetch to the next, when the answer may be used for `freshness`; nil when the issuer does not say.
    static func wait(freshness: Duration?) -> Duration {
        min(max(freshness ?? fetchPeriod, period), fetchPeriodMax)
    }

    /// Reads the keys. Blocks, for `fetchWait` at most and the look-up of an address: never on a reactor.
    func readNow(fetchWait: Duration = FetchedDocument.wait) throws(AuthConfigurationError) -> Reading {
        switch self {
        case .file(let path):
            return Reading(text: try KeySet.read(path: path), wait: Self.period)
        case .url(let url):
            do throws(FetchError) {
                let document = try FetchedDocument(
                    of: url, byteCountMax: Auth.Limits.keySetByteCountMax, wait: fetchWait)
                return Reading(text: document.body, wait: Self.wait(freshness: document.freshness))
            } catch {
                throw .keySetUnreadable(path: url.description, reason: error.reason)
            }
        }
    }

    /// Reads the keys. A fetch waits on a thread of its own, as the pool of tasks has few.
    func read(fetchWait: Duration = FetchedDocument.wait) async -> Result<Reading, AuthConfigurationError> {
        switch self {
        case .file:
            return outcome(fetchWait: fetchWait)
        case .url:
            var thread: ReactorThread?
            let outcome: Result<Reading, AuthConfigurationError> = await withCheckedContinuation { continuation in
                thread = ReactorThread(name: "keys") {
                    continuation.resume(returning: self.outcome(fetchWait: fetchWait))
                }
            }
            thread?.join()
            return outcome
        }
    }

    private func outcome(fetchWait: Duration) -> Result<Reading, AuthConfigurationError> {
        do throws(AuthConfigurationError) {
            return .success(try readNow(fetchWait: fetchWait))
        } catch {
            return .failure(error)
        }
    }
}
