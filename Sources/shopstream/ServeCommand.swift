import ArgumentParser
import Logging
import Reactor
import Server
import Tracing

/// `shopstream serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the server until SIGTERM or SIGINT; SIGHUP reads certificates, keys and members again.")

    @Option(help: "Where to listen: HOST:PORT (SHOPSTREAM_LISTEN; default 127.0.0.1:8080).")
    var listen: String?
    @OptionGroup var storeOptions: StoreOptions
    @Option(help: "Reactor threads (SHOPSTREAM_REACTORS; default: one for each processor).")
    var reactors: String?
    @Option(help: "A file of members, lines of shop_id,user_id,role (SHOPSTREAM_MEMBERS).")
    var members: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (SHOPSTREAM_LOG_LEVEL; default info).")
    var logLevel: String?
    @Flag(help: "Enable the demo shop, its page and unauthenticated tokens; never in production (SHOPSTREAM_DEMO).")
    var demo = false
    @Flag(help: "Take over from a server that listens there or uses the store (SHOPSTREAM_TAKEOVER).")
    var takeover = false

    func run() async throws {
        var settings = Settings()
        settings.set("SHOPSTREAM_LISTEN", listen)
        settings.set("SHOPSTREAM_STORE", storeOptions.store)
        settings.set("SHOPSTREAM_REACTORS", reactors)
        settings.set("SHOPSTREAM_MEMBERS", members)
        settings.set("SHOPSTREAM_LOG_LEVEL", logLevel)
        if demo { settings.set("SHOPSTREAM_DEMO", "true") }
        if takeover { settings.set("SHOPSTREAM_TAKEOVER", "true") }
        let configuration = try settings.configuration()
        LogWriter.standardError.use(configuration.logFormat)
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        LoggingSystem.bootstrap { _ in StructuredLogHandler(level: level) }

        let signals = ProcessSignals()
        let server: ShopstreamServer
        do throws(StartError) {
            server = try await ShopstreamServer(configuration, log: Logger(label: "shopstream"))
        } catch {
            LogWriter.standardError.flush()
            throw Exit.failure(error.description, status: error.exitStatus)
        }
        if let tracer = server.tracer { InstrumentationSystem.bootstrap(tracer) }
        signals.serverStarted(extraStopWait: configuration.drainDelay + configuration.drainWindow)
        let manager = ServiceManager(environment: settings.environment)
        manager.notify(.ready)
        for await request in signals.requests {
            switch request {
            case .reload:
                manager.notify(.reloading)
                Task {
                    await server.reload()
                    manager.notify(.ready)
                }
            case .stop:
                manager.notify(.stopping)
                Task {
                    await server.stop()
                    signals.serverStopped()
                }
            case .hasten: server.hasten()
            }
        }
        LogWriter.standardError.flush()
    }
}
