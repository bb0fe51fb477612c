import Auth
import Logging
import Primitives
import Reactor
import Synchronization

// SIGHUP: reads the configuration file and the secret files again and applies the settings that can change at run time.

/// What a shard needs of a reload of the settings.
struct ShardReload: Sendable {
    let configuration: ServerConfiguration
    /// New keys of tokens; nil when they are unchanged, or come from a file or an issuer (`KeyReloader`).
    let keys: KeySet?
    /// Nil when the demo's tokens are unchanged.
    let demo: DemoSession?
}

extension ShopstreamServer {
    /// Reads all settings again and applies those that have changed and can change. False when they cannot be used:
    /// then nothing has changed.
    func reloadSettings(from sources: SettingSources) async -> Bool {
        let current = settings.withLock { $0.values }
        let changes: SettingChanges
        let reload: ShardReload
        do throws(ConfigurationError) {
            let values = try sources.load()
            changes = SettingChanges(from: current, to: values)
            do throws(ConfigurationError) {
                // What the file says must be valid as a whole, and so must what will be in force.
                _ = try Self.tokenSecret(try ServerConfiguration(values))
                reload = try makeReload(changes)
            } catch {
                throw values.located(error)
            }
        } catch {
            log.error("the settings cannot be used: nothing has changed", metadata: ["reason": "\(error)"])
            reloads.failed()
            return false
        }
        await shards.change(reload)
        settings.withLock { $0 = Settings(values: changes.values, configuration: reload.configuration) }
        reloads.applied()
        // The change of the level is logged by the more verbose of the two.
        let writer = LogWriter.standardError
        let isQuieter = Logger.Level(rawValue: reload.configuration.logLevel).map { writer.level < $0 } ?? false
        if !isQuieter { writer.use(reload.configuration) }
        logReload(changes, exposedBefore: current.exposedPaths)
        if isQuieter { writer.use(reload.configuration) }
        return true
    }

    private func logReload(_ changes: SettingChanges, exposedBefore: [String]) {
        // Lines of one kind are limited, and the message is the kind: it has the name.
        for change in changes.applied {
            log.notice(
                "\(change.setting.name) changed", metadata: ["from": "\(change.shownOld)", "to": "\(change.shownNew)"])
        }
        for change in changes.pending { log.warning("\(change.setting.name) changed, which needs a restart") }
        for path in changes.values.exposedPaths where !exposedBefore.contains(path) { logExposure(path) }
        log.notice(
            "settings read again",
            metadata: ["applied": "\(changes.applied.count)", "need_restart": "\(changes.pending.count)"])
    }

    /// Logs that a file with a secret can be read by every user of the machine.
    func logExposure(_ path: String) {
        log.warning("every user of the machine may read a file with a secret", metadata: ["file": "\(path)"])
    }

    /// Checks what will be in force. Uses a new secret at once where keys come from a file or an issuer, as its last
    /// step.
    private func makeReload(_ changes: SettingChanges) throws(ConfigurationError) -> ShardReload {
        // The sockets of the service manager are in use, or closed.
        let configuration = try ServerConfiguration(changes.values)
        let secret = try Self.tokenSecret(configuration)
        guard changes.applies("AUTH_JWT_SECRET") else {
            return ShardReload(configuration: configuration, keys: nil, demo: nil)
        }
        let demo = try Self.demo(configuration, secret, WallClock.now)
        do throws(AuthConfigurationError) {
            // Without a file or an issuer there is a secret.
            guard let keyReloader else {
                return ShardReload(configuration: configuration, keys: secret.map(KeySet.init(secret:)), demo: demo)
            }
            try keyReloader.replaceSecret(secret)
            return ShardReload(configuration: configuration, keys: nil, demo: demo)
        } catch {
            throw ConfigurationError(name: "AUTH_JWT_SECRET", value: "…", allowed: "\(error)")
        }
    }
}
