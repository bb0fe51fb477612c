import Chat
import Primitives
import Reactor
import Sessions
import Storage

/// Everything that an operator can set. Immutable once the server runs; shared by all reactors.
public struct ServerConfiguration: Sendable {
    /// What changes between a node in production and one on a desk.
    public enum Mode: String, Sendable, CaseIterable {
        /// Short secrets and an empty origin list are refused.
        case production
        /// They are allowed.
        case development
    }

    /// Where to listen.
    public var listen: ListenAddress
    /// Where to listen for requests of `/metrics`, `/healthz` and `/readyz`; nil: `/metrics` is on `listen`.
    public var metricsListen: ListenAddress?
    /// Where messages and memberships live.
    public var store: StoreLocation
    /// Connections to PostgreSQL, of all reactors together; nil: two for each reactor.
    public var postgresConnectionCount: Int?
    /// Whether several nodes share the PostgreSQL database.
    public var isPostgresShared = false
    /// Reactor threads.
    public var reactorCount: Int
    /// A file of members that is loaded at the start.
    public var membersPath: String?
    /// The level of the log: `trace` … `critical`.
    public var logLevel: String
    /// See `Mode`.
    public var mode: Mode
    /// Start although another server listens on the address.
    public var isTakeover: Bool
    /// Make the demo shop and serve the page.
    public var isDemo: Bool
    /// Tokens.
    public var auth = AuthConfiguration()
    /// Streams.
    public var stream = StreamConfiguration()
    /// What one user may have in flight and do in a time.
    public var userLimits = UserLimitSettings()
    /// The most connections of one address; 0: no limit.
    public var connectionsPerAddressMax = 0
    /// Proxies whose `X-Forwarded-For` is believed.
    public var trustedProxies = TrustedProxies()
    /// The directory of uploaded images.
    public var imagesPath = "shopstream-images"
    /// What stands before the paths of images in answers, such as `https://chat.example`; nil: nothing.
    public var publicURL: String?
    /// Which clients get an image by its URL.
    public var imageURLs = ImageURLs.members
    /// How long an image may be there that no message names.
    public var orphanImageSeconds = 86_400
    /// The most messages that a list answers.
    public var listMessageCountMax = 10_000
    /// What stands before the paths of all routes but those of probes and tools.
    public var routePrefixes = RoutePrefixes()
    /// How messages are written out.
    public var messageFormat = MessageFormat()
    /// The longest text of a message in bytes.
    public var textByteCountMax = 16_384
    /// Connections of one reactor, streams and requests together.
    public var connectionsPerReactorMax: Int
    /// Whether each reactor thread is bound to a processor.
    public var pinsReactors = false
}

/// Which clients get an image by its URL.
public enum ImageURLs: String, Sendable, CaseIterable {
    /// Members of the image's shop, by their token.
    case members
    /// Any client, for a day, by the signature in the URL.
    case signed
}

/// Where keys come from and what a token must say.
public struct AuthConfiguration: Sendable {
    /// The secret of HS256.
    public var secret: String?
    /// A file with public keys.
    public var keySetPath: String?
    /// The `iss` that is expected.
    public var issuer: String?
    /// The `aud` that is expected.
    public var audience: String?
}

/// What happens when a user opens more streams than allowed.
public enum OverLimit: String, Sendable, CaseIterable {
    /// The new one is refused (429).
    case refuse
    /// The user's oldest one is closed (4409).
    case replace
}

/// The stream's settings.
public struct StreamConfiguration: Sendable {
    /// False takes the stream's route away.
    public var isEnabled = true
    /// Origins that may open a stream; empty allows all.
    public var allowedOrigins: [Origin] = []
    /// From one ping to the next.
    public var pingPeriod: Duration = .seconds(54)
    /// From one pong to the latest moment for the next.
    public var pongWait: Duration = .seconds(60)
    /// How long a subscriber may be blocked, and how long a close may take.
    public var writeWait: Duration = .seconds(10)
    /// Streams of one user, over all shops.
    public var connectionsPerUserMax = 5
    /// What happens to a stream over that limit.
    public var overLimit = OverLimit.refuse
    /// Attempts of one user in a minute; 0 for no limit.
    public var attemptsPerMinuteMax = 10
    /// The longest message of a client in bytes.
    public var messageByteCountMax = 524_288
    /// Messages that may wait for a slow client.
    public var waitingMessageCountMax = 256
    /// Bytes of one receive buffer.
    public var receiveBufferByteCount = 4_096
}

/// A setting that cannot be used: which, what it says, and what it may say.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The environment variable, or the flag.
    public let name: String
    /// What it was set to; nil when it is missing. Secrets are not shown.
    public let value: String?
    /// What is allowed.
    public let allowed: String

    /// Joins the parts.
    public init(name: String, value: String?, allowed: String) {
        self.name = name
        self.value = value
        self.allowed = allowed
    }

    /// One line for the operator.
    public var description: String {
        if let value { "\(name)='\(value)' cannot be used: \(allowed)" } else { "\(name) is missing: \(allowed)" }
    }
}
