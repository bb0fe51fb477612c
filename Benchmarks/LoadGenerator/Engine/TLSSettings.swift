import Primitives
import Reactor
import TLS

/// How the connections of a run use TLS. One per process; any thread.
package struct TLSSettings: Sendable {
    let context: TLSClientContext
    /// The name or address that the server's certificate must have, unless any certificate is accepted.
    let serverName: String
    /// Whether the server's certificate is verified.
    package let isVerified: Bool

    /// The settings for a server. Its certificate is verified with the authorities of the file `authoritiesPath` (PEM),
    /// or else with those of the system. A server on loopback without such a file may have any certificate. Reading
    /// files may block.
    package init(target: TargetURL, authoritiesPath: String?) throws(LoadConfigurationError) {
        serverName = target.serverName
        let trust: TLSClientContext.Trust
        if let authoritiesPath {
            trust = .file(authoritiesPath)
        } else {
            trust = target.address.host.isLoopback ? .anyone : .system
        }
        isVerified = trust != .anyone
        do throws(TLSConfigurationError) {
            context = try TLSClientContext(trusting: trust)
        } catch {
            throw LoadConfigurationError("\(error)")
        }
    }
}
