import Logging
import Primitives
import Synchronization
import TLS

/// The certificates of all reactors, from files that change.
///
/// New handshakes use the last set of files that could be loaded; sessions that have begun go on as they are. Any
/// thread.
final class ServerCertificates: Sendable {
    /// Counts for the metrics.
    struct Statistics: Sendable {
        var changeCount = 0
        var failureCount = 0
        /// By the first name of each certificate: the end of its validity, in seconds since 1970. Of certificates with
        /// the same first name, the earliest.
        var expiries: [(name: String, seconds: Double)] = []
    }

    private struct State {
        var context: TLSServerContext
        /// The versions of the files at the last attempt to load them.
        var versions: [FileVersion]
        var statistics = Statistics()
    }

    /// From one look at the files to the next.
    static let period: Duration = .seconds(5)

    private let configuration: TLSConfiguration
    private let log: Logger
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// Loads the certificates for the first time.
    init(_ configuration: TLSConfiguration, log: Logger) throws(ConfigurationError) {
        self.configuration = configuration
        self.log = log
        let files = try configuration.files()
        let versions = FileVersion.of(files)
        do throws(TLSConfigurationError) {
            let context = try TLSServerContext(
                files, ticketKeys: TicketKeys(at: MonotonicInstant(nanoseconds: 0)))
            state = Mutex(State(context: context, versions: versions))
        } catch {
            throw configuration.error(error)
        }
    }

    /// What the next handshake uses.
    var current: TLSServerContext { state.withLock { $0.context } }
    /// Counts.
    var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            let expiries = state.context.certificates.map { ($0.names.first ?? "", Double($0.expiresAt)) }
            statistics.expiries = Dictionary(expiries, uniquingKeysWith: min).map { (name: $0.key, seconds: $0.value) }
            return statistics
        }
    }

    /// Loads the files again when they have changed, and replaces the keys of tickets when that is due. Call it every
    /// `period`. Reading may block: never on a reactor.
    func timePassed() {
        current.ticketKeys.timePassed(MonotonicInstant(nanoseconds: 0) + (ContinuousClock.now - start))
        guard let files = filesToLoad() else { return }
        guard state.withLock({ $0.versions != FileVersion.of(files) }) else { return }
        load(files)
    }

    /// Loads the files again (SIGHUP). Reading may block: never on a reactor.
    func reload() {
        guard let files = filesToLoad() else { return }
        load(files)
    }

    private func filesToLoad() -> [TLSCertificateFiles]? {
        do throws(ConfigurationError) {
            return try configuration.files()
        } catch {
            // No file has this version, so that the failure is logged once.
            failed("\(error)", versions: [FileVersion(path: "\(error)")])
            return nil
        }
    }

    private func load(_ files: [TLSCertificateFiles]) {
        let versions = FileVersion.of(files)
        do throws(TLSConfigurationError) {
            let context = try TLSServerContext(files, ticketKeys: current.ticketKeys)
            state.withLock { state in
                state.context = context
                state.versions = versions
                state.statistics.changeCount += 1
            }
            let names = context.certificates.map { $0.names.first ?? "" }
            log.notice("certificates read again", metadata: ["names": "\(names.joined(separator: ","))"])
        } catch {
            failed("\(error)", versions: versions)
        }
    }

    private func failed(_ reason: String, versions: [FileVersion]) {
        let isNew = state.withLock { state in
            defer { state.versions = versions }
            if state.versions == versions { return false }
            state.statistics.failureCount += 1
            return true
        }
        if isNew { log.warning("the old certificates stay in use", metadata: ["reason": "\(reason)"]) }
    }
}
