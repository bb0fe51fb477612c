import ArgumentParser
import Logging
import Reactor
import Server
import Tracing

/// `shopstream serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract:
            "Runs the server until SIGTERM or SIGINT; SIGHUP reads certificates, keys and members again.")

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let settings = try Settings(flags: options.flags)
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
        // One after another, in the order of their signals.
        var lastReload: Task<Void, Never>?
        for await request in signals.requests {
            switch request {
            case .reload:
                manager.notify(.reloading)
                lastReload = Task { [lastReload] in
                    await lastReload?.value
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
