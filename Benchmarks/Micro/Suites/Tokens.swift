import Auth
import Primitives

/// A cached token, and one that is new to the cache.
let tokenBenchmarks = [
    Benchmark(
        name: "token-cached", operation: "an HS256 token that is remembered", batchOperationCount: tokenCount
    ) {
        let tokens = try mintTokens()
        let verifier = TokenVerifier(settings: try TokenSettings(keys: KeySet(secret: try TokenSecret(secretText))))
        return Benchmark.Batch { verify(tokens, with: verifier) }
    },
    Benchmark(
        name: "token-uncached", operation: "an HS256 token that is new", batchOperationCount: tokenCount
    ) {
        let tokens = try mintTokens()
        let keys = KeySet(secret: try TokenSecret(secretText))
        let verifier = TokenVerifier(settings: try TokenSettings(keys: keys))
        return Benchmark.Batch(prepare: { verifier.replaceKeys(keys) }) { verify(tokens, with: verifier) }
    },
]

private let tokenCount = 64
private let secretText = "a secret of at least thirty-two bytes"
private let now = Timestamp(microsecondsSinceEpoch: 1_767_454_200_000_000)

private func mintTokens() throws -> [String] {
    let minter = TokenMinter(secret: try TokenSecret(secretText))
    return try (0..<tokenCount).map {
        try minter.mint(userID: UserID("user-\($0)"), name: "Ada", timeToLive: .seconds(3_600), now: now)
    }
}

private func verify(_ tokens: [String], with verifier: TokenVerifier) {
    for token in tokens {
        do throws(AuthError) {
            keep(try verifier.verify(token, now: now))
        } catch {
            preconditionFailure("the token is valid: \(error)")
        }
    }
}
