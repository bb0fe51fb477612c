import Auth
import Broker
import Glibc
import Logging
import Primitives
import Reactor
import Storage
import Synchronization
import Tracing

/// Why a server did not start.
public enum StartError: Error, CustomStringConvertible {
    /// A setting cannot be used.
    case configuration(ConfigurationError)
    /// The server cannot listen on the address.
    case listen(ListenError)
    /// The server cannot listen on the address of a further listener, which the setting names.
    case listenAt(setting: String, ListenError)
    /// No driver can be created.
    case driver(DriverError)
    /// The issuer's keys cannot be fetched.
    case keys(String)
    /// The store does not open, or the members could not be loaded.
    case store(String)

    /// What is wrong and what to do, in one line.
    public var description: String {
        switch self {
        case .configuration(let error): error.description
        case .listen(let error): error.description
        case .listenAt(let setting, .inUse(let address)):
            "\(setting)='\(address)' cannot be used: the address is in use. Stop the process that listens "
                + "there, or start with --takeover if that is the server to be replaced."
        case .listenAt(let setting, let error): "\(setting): \(error.description)"
        case .driver(let error): error.description
        case .keys(let text), .store(let text): text
        }
    }

    /// The same error, with the place in the configuration file if it is about a value that comes from there.
    public func located(in values: SettingValues) -> StartError {
        guard case .configuration(let error) = self else { return self }
        return .configuration(values.located(error))
    }

    /// The status that the command exits with (sysexits.h: unavailable 69, OS 71, I/O 74, configuration 78).
    public var exitStatus: Int32 {
        switch self {
        case .configuration: 78
        case .listen, .listenAt: 71
        case .driver(let error): error.exitStatus
        case .keys: 69
        case .store: 74
        }
    }
}

/// The whole server: the shards with their reactors (`ShardGroup`), and the stores that they use (`ShardStores`).
public final class ShopstreamServer: Sendable {
    /// The settings in force, as texts and as values. A reload replaces them.
    struct Settings: Sendable {
        var values: SettingValues
        var configuration: ServerConfiguration
    }

    let settings: Mutex<Settings>
    let reloads = ReloadCounts()
    private let store: any Store
    private let storeLock: StoreLock?
    let log: Logger
    let shards: any ShardGroup
    /// The keys of tokens, when they come from a file or an issuer.
    let keyReloader: KeyReloader?
    /// The certificates, with TLS, and the task that looks at their files every `ServerCertificates.period`.
    let certificates: ServerCertificates?
    private let certificateReader: Task<Void, Never>?
    /// Nil when no traces are exported.
    private let traceExporter: TraceExporter?
    /// The tracer of the process, in the API of swift-distributed-tracing; nil when no traces are exported.
    public let tracer: (any Tracer)?
    /// The delay of a stop, while it lasts.
    private let stopDelay = Mutex<Task<Void, Never>?>(nil)
    /// The port of the public listener.
    public let port: UInt16
    /// The port of the metrics listener, if there is one.
    public let metricsPort: UInt16?
    /// The port of the plain listener beside that of TLS, if there is one.
    public let plainPort: UInt16?

    /// Opens the store, loads the members, starts the reactors and listens. When it returns, requests are served, and
    /// all threads of the process have time slices of `ServerLimits.timeSlice`.
    ///
    /// - Parameter values: The texts from which the configuration was read.
    public init(
        _ configuration: ServerConfiguration, values: SettingValues, log: Logger
    ) async throws(StartError) {
        settings = Mutex(Settings(values: values, configuration: configuration))
        self.log = log
        TimeSlice.set(ServerLimits.timeSlice)
        let now = WallClock.now
        let (settings, secret, keys) = try Self.tokenSettings(configuration, log)
        keyReloader = keys
        let demo = try Self.started { () throws(ConfigurationError) in try Self.demo(configuration, secret, now) }
        let certificates = try Self.loadCertificates(configuration, log)
        self.certificates = certificates
        let spans = SpanQueue()
        let tracer = configuration.traces.map { OTLPTracer(sampler: $0.sampler, queue: spans) }
        self.tracer = tracer
        let stores = try await Self.openStores(configuration, log)
        let store = stores.common
        self.store = store
        storeLock = stores.lock
        let images = try await Self.openImages(configuration)
        let linkSigner = try await Self.linkSigner(configuration, images)
        let listeners: ServerListeners
        do throws(StartError) {
            listeners = try ServerListeners.open(configuration)
        } catch {
            await store.close()
            throw error
        }
        port = listeners.main.port
        metricsPort = listeners.metrics?.port
        plainPort = listeners.plain?.port
        traceExporter = configuration.traces.map {
            let instanceID = String(now.microsecondsSinceEpoch, radix: 16)
            return TraceExporter($0, queue: spans, instanceID: instanceID, log: log)
        }
        keys?.startRefreshing()
        certificateReader = certificates.map { certificates in
            Task.detached {
                while !Task.isCancelled {
                    try? await Task.sleep(for: ServerCertificates.period)
                    certificates.timePassed()
                }
            }
        }
        let setup = ShardSetup(
            environment: ShardEnvironment(
                configuration, linkSigner: linkSigner, demo: demo, certificates: certificates, reloads: reloads,
                tracer: tracer, startedAt: now, log: log),
            stores: stores, images: images, settings: settings, keys: keys)
        do throws(DriverError) {
            shards = try await configuration.driver.start(configuration, setup, log)
        } catch {
            listeners.close()
            await store.close()
            throw .driver(error)
        }
        await shards.connect()
        do throws(StorageError) {
            // With a takeover the other node ends later. Until then writes wait, and the node is not ready.
            if !configuration.isTakeover { try await stores.waitForNodeLock() }
        } catch {
            shards.stop()
            await shards.join()
            listeners.close()
            await store.close()
            throw .store("the store \(configuration.store) cannot be used: \(error.description)")
        }
        await shards.begin(listeners)
        if stores.arePerReactor { await store.close() }
        log.notice(
            "listening",
            metadata: [
                "address": "\(listeners.main)", "tls": "\(certificates != nil)", "reactors": "\(shards.count)",
                "driver": "\(shards.driver.rawValue)",
                "store": "\(configuration.store)", "mode": "\(configuration.mode.rawValue)",
            ])
        if let plain = listeners.plain { log.notice("listening without TLS", metadata: ["address": "\(plain)"]) }
        for path in values.exposedPaths { logExposure(path) }
        if let metrics = listeners.metrics { log.notice("serving metrics", metadata: ["address": "\(metrics)"]) }
    }

    /// The settings in force.
    var configuration: ServerConfiguration { settings.withLock { $0.configuration } }

    /// How much longer than usual a stop may take, by the settings in force.
    public var extraStopWait: Duration {
        let configuration = configuration
        return configuration.drainDelay + configuration.drainWindow
    }

    /// Says by `/readyz` that the server will stop, goes on to serve for the delay of the drain, then stops accepting,
    /// ends streams over the window of the drain, answers the requests in flight, and returns when all has ended: at
    /// the latest `ServerLimits.stopWait` after delay and window, when the store hangs. By then, every write that was
    /// answered is in the store.
    public func stop() async {
        await announceStop()
        await leaveConnections()
        let startedAt = ContinuousClock.now
        log.notice("stopping")
        keyReloader?.stopRefreshing()
        certificateReader?.cancel()
        let drainWait = configuration.drainWindow + ServerLimits.drainWait
        // Calls that wait for another server's store would outlast the drain.
        (store as? TakeoverStore)?.abandon()
        shards.drain()
        let patience = Task.detached { [shards, log] in
            // Counted in steps: a pause of the process takes one of them, not the time that clients have.
            for _ in 0..<ServerLimits.drainSteps {
                try? await Task.sleep(for: drainWait / ServerLimits.drainSteps)
                guard !Task.isCancelled else { return }
            }
            log.warning("connections are cut off: they did not end in time")
            shards.stop()
        }
        await shards.join()
        patience.cancel()
        async let traceFlush: Void? = traceExporter?.stop()
        // For the rest of `stopWait`; after a pause of the process, as long as without the pause.
        let storeWait = ServerLimits.stopWait - ServerLimits.drainWait
        if await !isStoreClosed(by: max(startedAt + drainWait + storeWait, .now + storeWait)) {
            log.warning("the store did not close in time")
        } else {
            storeLock?.release()
        }
        _ = await traceFlush
        log.notice("stopped")
    }

    /// Goes on to serve for the delay of the drain, unless `hasten` ends it.
    private func announceStop() async {
        let delay = configuration.drainDelay
        guard delay > .zero else { return }
        log.notice("stopping soon", metadata: ["delay": "\(delay)"])
        shards.announceStop()
        await delayStop(delay)
    }

    /// When another server listens on the same addresses: leaves new connections to it, and accepts those whose handshake
    /// has begun.
    private func leaveConnections() async {
        guard await shards.steerConnections(within: ServerLimits.handshakeWait) else { return }
        log.notice("another server takes the connections")
        await delayStop(ServerLimits.handshakeWait)
        shards.ignoreNewConnections()
        await delayStop(ServerLimits.acceptWait)
    }

    /// Waits, unless `hasten` ends it.
    private func delayStop(_ duration: Duration) async {
        let sleep = Task.detached { _ = try? await Task.sleep(for: duration) }
        stopDelay.withLock { $0 = sleep }
        await sleep.value
    }

    /// Reads the keys of tokens again, for all reactors (SIGHUP). Returns when tokens are verified with them. The old
    /// keys stay in use when the file cannot be used, and the log says so.
    public func reloadKeys() async { await keyReloader?.reload() }

    /// Cuts off the connections that `stop` waits for.
    public func hasten() {
        log.warning("connections are cut off: a second signal asks for it")
        stopDelay.withLock { $0?.cancel() }
        shards.stop()
    }

    /// Closes the store. False when it does not close by the deadline. No client waits for its writes any more.
    private func isStoreClosed(by deadline: ContinuousClock.Instant) async -> Bool {
        let (outcomes, outcome) = AsyncStream.makeStream(of: Bool.self)
        Task.detached { [store] in
            await store.close()
            outcome.yield(true)
        }
        Task.detached {
            try? await Task.sleep(until: deadline)
            outcome.yield(false)
        }
        return await outcomes.first { _ in true } ?? false
    }

    // MARK: - Steps of the start

    private static func started<Value>(
        _ step: () throws(ConfigurationError) -> Value
    ) throws(StartError) -> Value {
        do throws(ConfigurationError) { return try step() } catch { throw .configuration(error) }
    }

    /// The secret of the settings. Throws when it is too weak, and when there is neither a secret nor a source of keys.
    static func tokenSecret(_ configuration: ServerConfiguration) throws(ConfigurationError) -> TokenSecret? {
        guard let text = configuration.auth.secret else {
            guard configuration.auth.keys == nil else { return nil }
            throw ConfigurationError(
                name: "AUTH_JWT_SECRET", value: nil,
                allowed: "set a secret of at least 32 bytes, AUTH_JWKS_FILE or AUTH_JWKS_URL")
        }
        do throws(AuthConfigurationError) {
            let secret = try TokenSecret(text)
            if configuration.mode == .production { try secret.requireProductionStrength() }
            return secret
        } catch {
            // The value of a secret must not be shown.
            throw ConfigurationError(name: "AUTH_JWT_SECRET", value: "…", allowed: "\(error)")
        }
    }

    private static func tokenSettings(
        _ configuration: ServerConfiguration, _ log: Logger
    ) throws(StartError) -> (TokenSettings, TokenSecret?, KeyReloader?) {
        let auth = configuration.auth
        let secret = try started { () throws(ConfigurationError) in try tokenSecret(configuration) }
        do throws(AuthConfigurationError) {
            var reloader: KeyReloader?
            if let source = auth.keys { reloader = try KeyReloader(source, secret: secret, log: log) }
            guard let keys = reloader?.current ?? secret.map(KeySet.init(secret:)) else {
                throw AuthConfigurationError.noKeys
            }
            let settings = try TokenSettings(
                keys: keys, issuer: auth.issuer, audience: auth.audience,
                cachedTokenCountMax: ServerLimits.cachedTokenCountMax)
            return (settings, secret, reloader)
        } catch {
            if case .url = auth.keys, case .keySetUnreadable = error { throw .keys("\(error)") }
            throw .configuration(
                ConfigurationError(
                    name: auth.keys?.settingName ?? "AUTH_JWT_SECRET", value: auth.keys?.description ?? "…",
                    allowed: "\(error)"))
        }
    }

    private static func loadCertificates(
        _ configuration: ServerConfiguration, _ log: Logger
    ) throws(StartError) -> ServerCertificates? {
        guard let tls = configuration.tls else { return nil }
        do throws(ConfigurationError) {
            return try ServerCertificates(tls, log: log)
        } catch {
            throw .configuration(error)
        }
    }

    private static func openImages(
        _ configuration: ServerConfiguration
    ) async throws(StartError) -> DirectoryImageStore {
        let images = DirectoryImageStore(path: configuration.imagesPath)
        do throws(StorageError) {
            try await images.prepare()
        } catch {
            throw .configuration(
                ConfigurationError(
                    name: "SHOPSTREAM_IMAGES", value: configuration.imagesPath,
                    allowed: "a directory that can be written, or made (\(error.detail))"))
        }
        return images
    }

    /// The demo's tokens; nil unless it is on.
    static func demo(
        _ configuration: ServerConfiguration, _ secret: TokenSecret?, _ now: Timestamp
    ) throws(ConfigurationError) -> DemoSession? {
        guard configuration.isDemo else { return nil }
        guard let secret else {
            throw ConfigurationError(name: "AUTH_JWT_SECRET", value: nil, allowed: "the demo signs tokens with it")
        }
        do throws(AuthError) {
            return try DemoSession(secret: secret, auth: configuration.auth, now: now)
        } catch {
            throw ConfigurationError(
                name: "AUTH_JWT_SECRET", value: "…", allowed: "the demo cannot sign tokens with it: \(error)")
        }
    }

    /// The signer of image URLs; nil when they are not signed.
    private static func linkSigner(
        _ configuration: ServerConfiguration, _ images: DirectoryImageStore
    ) async throws(StartError) -> LinkSigner? {
        guard configuration.imageURLs == .signed else { return nil }
        do throws(StorageError) {
            return LinkSigner(key: try await images.signingKey(byteCount: LinkSigner.keyByteCount))
        } catch {
            throw .configuration(
                ConfigurationError(
                    name: "SHOPSTREAM_IMAGES", value: configuration.imagesPath,
                    allowed: "a directory with a key to sign URLs with (\(error.detail))"))
        }
    }

    private static func openStores(
        _ configuration: ServerConfiguration, _ log: Logger
    ) async throws(StartError) -> ShardStores {
        let members: [Membership]
        do throws(MembersFile.ParseError) {
            members = try configuration.membersPath.map(MembersFile.load) ?? []
        } catch {
            throw .configuration(
                ConfigurationError(
                    name: "SHOPSTREAM_MEMBERS", value: configuration.membersPath, allowed: error.description))
        }
        do throws(StorageError) {
            return try await ShardStores(configuration, log) { (store) async throws(StorageError) in
                try await store.importMembers(members, at: WallClock.now)
                if !members.isEmpty { log.info("members loaded", metadata: ["count": "\(members.count)"]) }
                if configuration.isDemo { try await DemoSession.populate(store, at: WallClock.now) }
            }
        } catch {
            throw .store("the store \(configuration.store) cannot be used: \(error.description)")
        }
    }
}
