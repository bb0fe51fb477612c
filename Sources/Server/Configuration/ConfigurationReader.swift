import API
import Auth
import Chat
import Glibc
import Primitives
import Reactor
import Sessions
import Storage

/// Reads the texts of settings as values of their types.
struct ConfigurationReader {
    let values: SettingValues

    /// The operator's value, else the default; nil when there is neither.
    func text(_ name: String) -> String? { values.text(name) }

    /// The same for a row with a `.value`.
    func value(_ name: String) -> String {
        guard let text = text(name) else { preconditionFailure("\(name) has no default in Setting.all") }
        return text
    }

    func flag(_ name: String) throws(ConfigurationError) -> Bool {
        let text = value(name)
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw ConfigurationError(name: name, value: text, allowed: "true or false")
        }
    }

    /// `computed` is the default of a row without a `.value`.
    func number(
        _ name: String, computed: Int? = nil, in range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int {
        guard let text = text(name) ?? computed.map(String.init) else {
            preconditionFailure("\(name) has no default")
        }
        guard let number = Int(text), range.contains(number) else {
            throw ConfigurationError(
                name: name, value: text, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func seconds(_ name: String) throws(ConfigurationError) -> Duration {
        .seconds(try number(name, in: 1...86_400))
    }

    func list(_ name: String) -> [String] {
        (text(name) ?? "").split(separator: ",").map { String($0.trimmingSpaces) }.filter { !$0.isEmpty }
    }
}

extension Substring {
    /// Without the spaces and tabs at its ends.
    var trimmingSpaces: Substring {
        var part = self
        while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
        while let last = part.last, last == " " || last == "\t" { part.removeLast() }
        return part
    }
}

extension ServerConfiguration {
    /// Reads all settings from the environment alone; throws an error for the first invalid one.
    public init(environment: [String: String]) throws(ConfigurationError) {
        let sources = SettingSources(environment: environment)
        try self.init(sources.load(), inheritedSockets: sources.inheritedSockets)
    }

    /// Reads all settings; throws an error for the first invalid one, with its place.
    ///
    /// - Parameter inheritedSockets: Those of a server that starts.
    public init(
        _ values: SettingValues, inheritedSockets: InheritedSockets = InheritedSockets(environment: [:])
    ) throws(ConfigurationError) {
        do throws(ConfigurationError) {
            try self.init(ConfigurationReader(values: values), inheritedSockets)
        } catch {
            throw values.located(error)
        }
    }

    private init(
        _ reader: ConfigurationReader, _ inheritedSockets: InheritedSockets
    ) throws(ConfigurationError) {
        listen = try Self.listenAddress("SHOPSTREAM_LISTEN", reader.value("SHOPSTREAM_LISTEN"))
        tls = try TLSConfiguration(reader)
        plainListen = try Self.secondAddress("SHOPSTREAM_LISTEN_PLAIN", reader, beside: ["SHOPSTREAM_LISTEN": listen])
        metricsListen = try Self.secondAddress(
            "SHOPSTREAM_METRICS_LISTEN", reader,
            beside: ["SHOPSTREAM_LISTEN": listen, "SHOPSTREAM_LISTEN_PLAIN": plainListen])
        store = try Self.store(reader)
        reactorCount = try reader.number("SHOPSTREAM_REACTORS", computed: Self.processorCount, in: 1...256)
        driver = try reader.choice("SHOPSTREAM_DRIVER")
        if reader.text("SHOPSTREAM_POSTGRES_CONNECTIONS") != nil {
            postgresConnectionCount = try reader.number("SHOPSTREAM_POSTGRES_CONNECTIONS", in: 1...10_000)
        }
        isPostgresShared = try reader.flag("SHOPSTREAM_POSTGRES_SHARED")
        membersPath = reader.text("SHOPSTREAM_MEMBERS")
        logLevel = try Self.logLevel(reader)
        if reader.text("SHOPSTREAM_LOG_FORMAT") != nil { logFormat = try reader.choice("SHOPSTREAM_LOG_FORMAT") }
        traces = try TraceSettings(reader)
        mode = try Self.mode(reader)
        isTakeover = try reader.flag("SHOPSTREAM_TAKEOVER")
        drainDelay = .seconds(try reader.number("SHOPSTREAM_DRAIN_DELAY_SECONDS", in: 0...600))
        drainWindow = .seconds(try reader.number("SHOPSTREAM_DRAIN_WINDOW_SECONDS", in: 0...600))
        isDemo = try reader.flag("SHOPSTREAM_DEMO")
        pinsReactors = try reader.flag("SHOPSTREAM_PIN_REACTORS")
        connectionsPerReactorMax = try reader.number(
            "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR", computed: max(512, Self.descriptorLimit),
            in: 512...max(512, Self.descriptorLimit))
        keepAliveWait = .seconds(try reader.number("SHOPSTREAM_KEEP_ALIVE_SECONDS", in: 5...3_600))
        connectionsPerAddressMax = try reader.number(
            "SHOPSTREAM_MAX_CONNECTIONS_PER_ADDRESS", in: 0...1_000_000)
        userLimits = try UserLimitSettings(reader)
        listMessageCountMax = try reader.number("SHOPSTREAM_LIST_MAX_MESSAGES", in: 1...10_000)
        textByteCountMax = try reader.number("SHOPSTREAM_MAX_TEXT_BYTES", in: 1...20_000)
        routePrefixes = try RoutePrefixes(reader)
        messageFormat = try MessageFormat(reader)
        imagesPath = reader.text("SHOPSTREAM_IMAGES") ?? Self.imagesPath(beside: store)
        publicURL = try Self.publicURL(reader)
        imageURLs = try reader.choice("SHOPSTREAM_IMAGE_URLS")
        if imageURLs == .signed, publicURL == nil {
            throw ConfigurationError(
                name: "SHOPSTREAM_PUBLIC_URL", value: nil,
                allowed: "signed URLs of images are absolute and begin with it")
        }
        orphanImageSeconds = try reader.number(
            "SHOPSTREAM_ORPHAN_IMAGE_SECONDS", in: 1...31_536_000)
        trustedProxies = try Self.proxies(reader)
        auth.secret = reader.text("AUTH_JWT_SECRET")
        auth.keys = try Self.keySource(reader)
        auth.issuer = reader.text("AUTH_JWT_ISSUER")
        auth.audience = reader.text("AUTH_JWT_AUDIENCE")
        adminSecret = try AdminSecret.read(reader)
        stream = try StreamConfiguration(reader)
        self.inheritedSockets = inheritedSockets
        try checkInheritedSockets()
        try checkPlainListener()
        try checkMode()
    }

    private static func listenAddress(
        _ name: String, _ text: String
    ) throws(ConfigurationError) -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw ConfigurationError(
                name: name, value: text,
                allowed: "HOST:PORT with an IP address, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080")
        }
        return address
    }

    /// The address of a further listener, if it is set. It must differ from those of `others`, by their settings.
    private static func secondAddress(
        _ name: String, _ reader: ConfigurationReader, beside others: KeyValuePairs<String, ListenAddress?>
    ) throws(ConfigurationError) -> ListenAddress? {
        guard let text = reader.text(name) else { return nil }
        let address = try listenAddress(name, text)
        for (other, otherAddress) in others {
            guard let otherAddress, address.overlaps(otherAddress) else { continue }
            throw ConfigurationError(
                name: name, value: text, allowed: "an address or a port other than \(other)'s (\(otherAddress))")
        }
        return address
    }

    /// Connections to a socket that no listener accepts from would wait without an answer.
    private func checkInheritedSockets() throws(ConfigurationError) {
        for address in inheritedSockets.addresses {
            let isWanted = [listen, plainListen, metricsListen].contains { wanted in
                guard let wanted, let address else { return false }
                return address.isSame(as: wanted)
            }
            guard !isWanted else { continue }
            throw ConfigurationError(
                name: "LISTEN_FDS", value: address?.description ?? "no TCP socket",
                allowed: "sockets of the addresses in SHOPSTREAM_LISTEN, SHOPSTREAM_LISTEN_PLAIN and "
                    + "SHOPSTREAM_METRICS_LISTEN")
        }
    }

    private func checkPlainListener() throws(ConfigurationError) {
        guard let plainListen else { return }
        if tls == nil {
            throw ConfigurationError(
                name: "SHOPSTREAM_LISTEN_PLAIN", value: "\(plainListen)",
                allowed: "only with TLS; without it SHOPSTREAM_LISTEN is plain already")
        }
        if mode == .production, !plainListen.isLoopback {
            throw ConfigurationError(
                name: "SHOPSTREAM_LISTEN_PLAIN", value: "\(plainListen)",
                allowed: "in production mode a loopback address, such as 127.0.0.1:8081")
        }
    }

    private func checkMode() throws(ConfigurationError) {
        guard mode == .production else { return }
        if stream.isEnabled, stream.allowedOrigins.isEmpty {
            throw ConfigurationError(
                name: "WEBSOCKET_ALLOWED_ORIGINS", value: nil,
                allowed: "in production mode the origins that may open streams must be named, separated by commas")
        }
        if auth.keys != nil {
            // Issuers may share keys, as all Firebase projects do. A signature alone does not identify the project.
            for (name, value) in [("AUTH_JWT_ISSUER", auth.issuer), ("AUTH_JWT_AUDIENCE", auth.audience)]
            where value == nil {
                throw ConfigurationError(
                    name: name, value: nil,
                    allowed: "with keys from AUTH_JWKS_FILE or AUTH_JWKS_URL, production mode requires "
                        + "AUTH_JWT_ISSUER and AUTH_JWT_AUDIENCE, as other projects' tokens may be signed with the same keys"
                )
            }
        }
        if isDemo {
            throw ConfigurationError(
                name: "SHOPSTREAM_DEMO", value: "true", allowed: "the demo hands out tokens; not in production mode")
        }
    }

    static func store(_ reader: ConfigurationReader) throws(ConfigurationError) -> StoreLocation {
        let text = reader.value("SHOPSTREAM_STORE")
        do {
            return try StoreLocation(parsing: text)
        } catch {
            // A URI may contain a password, also one that is mistyped.
            let isShown = !text.contains("://") && !text.contains("@")
            throw ConfigurationError(
                name: "SHOPSTREAM_STORE", value: isShown ? text : "…",
                allowed: isShown || text.contains("://")
                    ? error.description : "allowed are sqlite:PATH, postgres://HOST/DATABASE and memory:")
        }
    }

    /// Images are stored beside the messages that name them.
    private static func imagesPath(beside store: StoreLocation) -> String {
        switch store {
        case .sqlite(let path): "\(path)-images"
        case .memory, .postgres: "shopstream-images"
        }
    }

    private static func keySource(_ reader: ConfigurationReader) throws(ConfigurationError) -> KeySource? {
        let path = reader.text("AUTH_JWKS_FILE")
        guard let text = reader.text("AUTH_JWKS_URL") else { return path.map(KeySource.file) }
        guard let url = FetchURL(text) else {
            throw ConfigurationError(
                name: "AUTH_JWKS_URL", value: text,
                allowed: "an https URL, or an http URL of this machine, such as https://issuer.example/keys.json")
        }
        if path != nil {
            throw ConfigurationError(
                name: "AUTH_JWKS_URL", value: text, allowed: "not together with AUTH_JWKS_FILE")
        }
        return .url(url)
    }

    private static func publicURL(_ reader: ConfigurationReader) throws(ConfigurationError) -> String? {
        guard var text = reader.text("SHOPSTREAM_PUBLIC_URL") else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        let isURL = ["http://", "https://"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
        guard isURL, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") }) else {
            throw ConfigurationError(
                name: "SHOPSTREAM_PUBLIC_URL", value: text,
                allowed: "a URL such as https://chat.example, with a path perhaps, without a query")
        }
        return text
    }

    private static func logLevel(_ reader: ConfigurationReader) throws(ConfigurationError) -> String {
        let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
        let text = reader.value("SHOPSTREAM_LOG_LEVEL")
        guard levels.contains(text) else {
            throw ConfigurationError(
                name: "SHOPSTREAM_LOG_LEVEL", value: text, allowed: levels.joined(separator: ", "))
        }
        return text
    }

    private static func mode(_ reader: ConfigurationReader) throws(ConfigurationError) -> Mode {
        let text = reader.value("SHOPSTREAM_MODE")
        guard let mode = Mode(rawValue: text) else {
            throw ConfigurationError(
                name: "SHOPSTREAM_MODE", value: text, allowed: Mode.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return mode
    }

    private static func proxies(_ reader: ConfigurationReader) throws(ConfigurationError) -> TrustedProxies {
        var proxies = TrustedProxies()
        for text in reader.list("SHOPSTREAM_TRUSTED_PROXIES") {
            guard let network = AddressNetwork(text) else {
                throw ConfigurationError(
                    name: "SHOPSTREAM_TRUSTED_PROXIES", value: text,
                    allowed: "IP addresses and networks such as 10.0.0.0/8, separated by commas")
            }
            proxies.networks.append(network)
        }
        return proxies
    }

    /// One reactor for each processor.
    private static var processorCount: Int { max(1, min(256, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))) }

    /// RLIMIT_NOFILE. It bounds the table of direct descriptors of each ring separately, and the ordinary descriptors of
    /// the process.
    static var descriptorLimit: Int {
        var limit = rlimit()
        // SAFETY: the call writes the local and keeps no pointer.
        let status = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return status == 0 ? Int(clamping: min(limit.rlim_cur, 1 << 20)) : 1_024
    }
}

extension StreamConfiguration {
    init(_ reader: ConfigurationReader) throws(ConfigurationError) {
        isEnabled = try reader.flag("WEBSOCKET_ENABLED")
        allowedOrigins = try Self.origins(reader)
        pingPeriod = try reader.seconds("WEBSOCKET_PING_PERIOD_SECONDS")
        pongWait = try reader.seconds("WEBSOCKET_PONG_WAIT_SECONDS")
        writeWait = try reader.seconds("WEBSOCKET_WRITE_WAIT_SECONDS")
        connectionsPerUserMax = try reader.number("WEBSOCKET_MAX_CONNECTIONS_PER_USER", in: 1...65_535)
        guard let overLimit = OverLimit(rawValue: reader.text("WEBSOCKET_OVER_LIMIT") ?? OverLimit.refuse.rawValue)
        else {
            throw ConfigurationError(
                name: "WEBSOCKET_OVER_LIMIT", value: reader.text("WEBSOCKET_OVER_LIMIT"), allowed: "refuse or replace")
        }
        self.overLimit = overLimit
        attemptsPerMinuteMax = try reader.number(
            "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE", in: 0...Auth.Limits.attemptCountMax)
        messageByteCountMax = try reader.number("WEBSOCKET_MAX_MESSAGE_BYTES", in: 1...(64 << 20))
        waitingMessageCountMax = try reader.number("WEBSOCKET_SEND_BUFFER_MESSAGES", in: 1...65_536)
        // A buffer serves all connections of a reactor, so it has at least a page, whatever an earlier deployment sets.
        receiveBufferByteCount = max(
            4_096, try reader.number("WEBSOCKET_READ_BUFFER_SIZE", in: 1...65_536))
        // Publications are sent from the shop's log; there is no write buffer. Accepted for earlier deployments.
        _ = try reader.number("WEBSOCKET_WRITE_BUFFER_SIZE", in: 1...65_536)
        guard pingPeriod < pongWait else {
            throw ConfigurationError(
                name: "WEBSOCKET_PING_PERIOD_SECONDS", value: reader.value("WEBSOCKET_PING_PERIOD_SECONDS"),
                allowed: "less than WEBSOCKET_PONG_WAIT_SECONDS")
        }
    }

    private static func origins(_ reader: ConfigurationReader) throws(ConfigurationError) -> [Origin] {
        var origins: [Origin] = []
        for text in reader.list("WEBSOCKET_ALLOWED_ORIGINS") {
            guard let origin = Origin(text) else {
                throw ConfigurationError(
                    name: "WEBSOCKET_ALLOWED_ORIGINS", value: text,
                    allowed: "origins such as https://app.example:8443, capacitor://localhost or null, without a path, "
                        + "separated by commas")
            }
            origins.append(origin)
        }
        return origins
    }
}
