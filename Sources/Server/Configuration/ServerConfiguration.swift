import API
import Auth
import Chat
import Primitives
import Reactor
import Sessions
import Storage

/// Everything that an operator can set. Immutable once the server runs; shared by all reactors.
public struct ServerConfiguration: Sendable {
    /// What differs between production and development.
    public enum Mode: String, Sendable, CaseIterable {
        /// Refuses short secrets and an empty origin list.
        case production
        /// Allows them.
        case development
    }

    /// Where to listen.
    public var listen: ListenAddress
    /// The files of the certificates; nil: the public listener is plain.
    public var tls: TLSConfiguration?
    /// Where to listen for connections without TLS in addition; nil: nowhere.
    public var plainListen: ListenAddress?
    /// Where to listen for requests of `/metrics`, `/healthz` and `/readyz`; nil: `/metrics` is on `listen`.
    public var metricsListen: ListenAddress?
    /// Listening sockets of the service manager, for some of these addresses.
    var inheritedSockets = InheritedSockets(environment: [:])
    /// Where messages and memberships are stored.
    public var store: StoreLocation
    /// Connections to PostgreSQL, of all reactors together; nil: two for each reactor.
    public var postgresConnectionCount: Int?
    /// Whether several nodes share the PostgreSQL database.
    public var isPostgresShared = false
    /// Reactor threads.
    public var reactorCount: Int
    /// How reactors do their I/O.
    public var driver = DriverChoice.auto
    /// A file of members, read at start and on SIGHUP.
    public var membersPath: String?
    /// The level of the log: `trace` … `critical`.
    public var logLevel: String
    /// How the log is written; nil: as text on a terminal, else as JSON.
    public var logFormat: LogFormat?
    /// See `Mode`.
    public var mode: Mode
    /// Start although another server listens on the address or uses the store.
    public var isTakeover: Bool
    /// How long the server goes on to serve after it was asked to stop, while `/readyz` says that it will.
    public var drainDelay: Duration = .zero
    /// How long streams may take to end when the server stops, one after another; zero: all at once.
    public var drainWindow: Duration = .seconds(5)
    /// How long a connection may be idle between requests.
    public var keepAliveWait = Sessions.Limits.keepAliveWait
    /// Create the demo shop and serve its page.
    public var isDemo: Bool
    /// The secret of the live view; nil: the server has none.
    public var adminSecret: AdminSecret?
    /// Where traces are exported to; nil: nowhere.
    var traces: TraceSettings?
    /// Tokens.
    public var auth = AuthConfiguration()
    /// Streams.
    public var stream = StreamConfiguration()
    /// What one user may have in flight, and how much it may write and upload over time.
    public var userLimits = UserLimitSettings()
    /// Connections of one client address; 0: no limit.
    public var connectionsPerAddressMax = 0
    /// Proxies whose `X-Forwarded-For` the server trusts.
    public var trustedProxies = TrustedProxies()
    /// The directory of uploaded images.
    public var imagesPath = "shopstream-images"
    /// The prefix of the paths of images in responses, such as `https://chat.example`; nil: none.
    public var publicURL: String?
    /// Which clients may read an image by its URL.
    public var imageURLs = ImageURLs.members
    /// Seconds after which the server removes an image that no message names.
    public var orphanImageSeconds = 86_400
    /// Messages in one list.
    public var listMessageCountMax = 10_000
    /// The prefixes of all routes but those of probes and tools.
    public var routePrefixes = RoutePrefixes()
    /// How messages are encoded.
    public var messageFormat = MessageFormat()
    /// The longest text of a message in bytes.
    public var textByteCountMax = 16_384
    /// Connections of one reactor, streams and requests together.
    public var connectionsPerReactorMax: Int
    /// Whether each reactor thread is bound to a processor.
    public var pinsReactors = false
}

/// Which clients may read an image by its URL.
public enum ImageURLs: String, Sendable, CaseIterable {
    /// Members of the image's shop, by their token.
    case members
    /// Any client, for a day, by the signature in the URL.
    case signed
}

/// The keys that verify tokens, and the claims that a token must have.
public struct AuthConfiguration: Sendable {
    /// The secret of HS256.
    public var secret: String?
    /// Where public keys are read from.
    var keys: KeySource?
    /// The `iss` that a token must have, when set.
    public var issuer: String?
    /// The `aud` that a token must contain, when set.
    public var audience: String?
}

/// What happens when a user opens more streams than allowed.
public enum OverLimit: String, Sendable, CaseIterable {
    /// The new stream is refused (429).
    case refuse
    /// The user's oldest stream is closed (4409).
    case replace
}

/// The stream's settings.
public struct StreamConfiguration: Sendable {
    /// False removes the stream's route.
    public var isEnabled = true
    /// Origins that may open a stream; empty allows all.
    public var allowedOrigins: [Origin] = []
    /// The time between two pings.
    public var pingPeriod: Duration = .seconds(54)
    /// The time without a pong after which the server closes a stream.
    public var pongWait: Duration = .seconds(60)
    /// How long a subscriber may be blocked, and how long a close may take.
    public var writeWait: Duration = .seconds(10)
    /// Streams of one user, over all shops.
    public var connectionsPerUserMax = 5
    /// What happens to a stream over that limit.
    public var overLimit = OverLimit.refuse
    /// Attempts of one user to open a stream, per minute; 0: no limit.
    public var attemptsPerMinuteMax = 10
    /// The longest message of a client, in bytes.
    public var messageByteCountMax = 524_288
    /// Messages that may be pending for a slow client.
    public var waitingMessageCountMax = 256
    /// Bytes of one receive buffer.
    public var receiveBufferByteCount = 4_096
}
