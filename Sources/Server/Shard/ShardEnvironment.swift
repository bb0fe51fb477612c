import API
import Auth
import Chat
import Logging
import Primitives
import Reactor
import Sessions
import WebSocket

/// What a shard receives when it is made and what never changes after that: settings, and values derived from them.
struct ShardEnvironment: Sendable {
    let configuration: ServerConfiguration
    /// Which routes each listener serves.
    let routes: ListenerRoutes
    let imageLinks: ImageLinks
    let handshake = ServerHandshake(subprotocols: EventEncoding.subprotocols)
    let streamWaits: StreamWaits
    /// Nil unless the demo is on.
    let demo: DemoSession?
    /// When the server started.
    let startedAt: Timestamp
    let civilClock: CivilClock
    let log: Logger

    init(
        _ configuration: ServerConfiguration, linkSigner: LinkSigner? = nil, demo: DemoSession? = nil,
        startedAt: Timestamp, civilClock: CivilClock = .system, log: Logger
    ) {
        self.configuration = configuration
        routes = ListenerRoutes(configuration)
        imageLinks = ImageLinks(
            publicURL: configuration.publicURL, prefixes: configuration.routePrefixes, signer: linkSigner)
        streamWaits = StreamWaits(
            heartbeat: Heartbeat.Schedule(
                pingPeriod: configuration.stream.pingPeriod, pongWait: configuration.stream.pongWait),
            write: configuration.stream.writeWait,
            close: min(configuration.stream.writeWait, ServerLimits.drainWait), linger: Sessions.Limits.lingerWait)
        self.demo = demo
        self.startedAt = startedAt
        self.civilClock = civilClock
        self.log = log
    }
}
