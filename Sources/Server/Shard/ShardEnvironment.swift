import API
import Auth
import Chat
import Logging
import Primitives
import Reactor
import Sessions
import WebSocket

/// What a shard receives when it is made: settings, and values derived from them. Only a reload changes it.
struct ShardEnvironment: Sendable {
    private(set) var configuration: ServerConfiguration
    /// Which routes each listener serves.
    private(set) var routes: ListenerRoutes
    /// The settings of handlers.
    private(set) var api: APISettings
    let handshake = ServerHandshake(subprotocols: EventEncoding.subprotocols)
    let streamWaits: StreamWaits
    /// Nil without TLS.
    let certificates: ServerCertificates?
    let reloads: ReloadCounts
    /// Nil when no traces are exported.
    let tracer: OTLPTracer?
    let civilClock: CivilClock
    let log: Logger
    /// How the reactors do their I/O; nil in the simulation.
    var driver: DriverChoice?

    /// - Parameter demo: Nil unless the demo is on.
    init(
        _ configuration: ServerConfiguration, linkSigner: LinkSigner? = nil, demo: DemoSession? = nil,
        certificates: ServerCertificates? = nil, reloads: ReloadCounts = ReloadCounts(), tracer: OTLPTracer? = nil,
        startedAt: Timestamp,
        civilClock: CivilClock = .system, log: Logger
    ) {
        self.configuration = configuration
        routes = ListenerRoutes(configuration)
        api = APISettings(configuration, linkSigner: linkSigner, demo: demo, startedAt: startedAt)
        streamWaits = StreamWaits(
            heartbeat: Heartbeat.Schedule(
                pingPeriod: configuration.stream.pingPeriod, pongWait: configuration.stream.pongWait),
            write: configuration.stream.writeWait,
            close: min(configuration.stream.writeWait, ServerLimits.drainWait), linger: Sessions.Limits.lingerWait)
        self.certificates = certificates
        self.reloads = reloads
        self.tracer = tracer
        self.civilClock = civilClock
        self.log = log
    }

    /// Applies what a reload of the settings has changed.
    ///
    /// - Parameter demo: Nil when its tokens are unchanged.
    mutating func change(_ configuration: ServerConfiguration, demo: DemoSession?) {
        let hadAdmin = self.configuration.adminSecret != nil
        self.configuration = configuration
        if hadAdmin != (configuration.adminSecret != nil) { routes = ListenerRoutes(configuration) }
        api.change(configuration)
        if let demo { api.documents.demoSession = demo.json }
    }
}
