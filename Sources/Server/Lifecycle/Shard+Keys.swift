import Auth
import Logging
import Primitives
import Reactor

// Keys change: who signs tokens writes a new file of them, and the first token that names a key which nobody knows makes
// each reactor read it. That token is refused still; its bearer's next attempt finds the key.

extension Shard {
    /// Reads the file of keys anew, unless that was done a short while ago. The old keys serve until it has been read,
    /// and go on when it cannot be.
    func keyMissed() {
        guard let path = configuration.auth.keySetPath, reactor.now >= keysReadableAt else { return }
        keysReadableAt = reactor.now + ServerLimits.keySetPeriod
        let secret = configuration.auth.secret
        Task(executorPreference: reactor) {
            // A file may block who reads it.
            let keys = await Task.detached { await Self.readKeys(secret: secret, path: path) }.value
            switch keys {
            case .success(let keys): self.verifier.replaceKeys(keys)
            case .failure(let error):
                self.log.warning("the old keys go on: the file cannot be used", metadata: ["reason": "\(error)"])
            }
        }
    }

    private static func readKeys(secret: String?, path: String) async -> Result<KeySet, AuthConfigurationError> {
        do throws(AuthConfigurationError) {
            let secret = try secret.map { text throws(AuthConfigurationError) in try TokenSecret(text) }
            return .success(try await KeySet.load(secret: secret, jwksPath: path))
        } catch {
            return .failure(error)
        }
    }
}
