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
            "Runs the server until SIGTERM or SIGINT; SIGHUP reads settings, certificates, keys and members again.")

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let settings = try Settings(flags: options.flags)
        let configuration = try settings.configuration()
        LogWriter.standardError.use(configuration)
        LoggingSystem.bootstrap { _ in StructuredLogHandler() }

        let signals = ProcessSignals()
        let server: ShopstreamServer
        do throws(StartError) {
            server = try await ShopstreamServer(
                configuration, values: settings.values, log: Logger(label: "shopstream"))
        } catch {
            LogWriter.standardError.flush()
            throw Exit.failure(error.located(in: settings.values).description, status: error.exitStatus)
        }
        if let tracer = server.tracer { InstrumentationSystem.bootstrap(tracer) }
        signals.serverStarted(extraStopWait: server.extraStopWait)
        let manager = ServiceManager(environment: Settings.environment)
        manager.notify(.ready)
        // One after another, in the order of their signals.
        var lastReload: Task<Void, Never>?
        for await request in signals.requests {
            switch request {
            case .reload:
                manager.notify(.reloading)
                lastReload = Task { [lastReload] in
                    await lastReload?.value
                    await server.reload(from: settings.sources)
                    signals.serverStarted(extraStopWait: server.extraStopWait)
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
