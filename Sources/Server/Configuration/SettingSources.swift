import Configuration
import Reactor
import Synchronization

/// What settings are read from: the environment, over flags, over a file, over the defaults.
public struct SettingSources: Sendable {
    private let environment: [String: String]
    private let flags: [String: String]

    /// - Parameters:
    ///   - environment: All variables of the process. An empty one counts as unset.
    ///   - flags: The values of flags, by the variables that they stand for.
    public init(environment: [String: String], flags: [String: String] = [:]) {
        self.environment = environment.filter { !$0.value.isEmpty }
        self.flags = flags
    }

    /// The listening sockets that the environment names.
    public var inheritedSockets: InheritedSockets { InheritedSockets(environment: environment) }

    /// The flags that the environment overrides with another value, and the variables, in the order of the table.
    public var overriddenFlags: [(flag: String, variable: String)] {
        Setting.all.compactMap { setting in
            guard let flag = setting.flag, let given = flags[setting.name], let set = environment[setting.name],
                set != given
            else { return nil }
            return (flag, setting.name)
        }
    }

    /// Reads the configuration file and the secret files, and resolves all settings. Throws an error for an unknown
    /// name, and for a file that cannot be used. Blocks: never on a reactor.
    public func load() throws(ConfigurationError) -> SettingValues {
        try Setting.refuseUnknown(in: environment)
        let path = environment["SHOPSTREAM_CONFIG"] ?? flags["SHOPSTREAM_CONFIG"]
        var file: ConfigurationFile?
        if let path { file = try ConfigurationFile(path: path) }
        let lookup = SettingLookup(environment, flags, file)
        var entries: [String: SettingValues.Entry] = [:]
        var exposedPaths: [String] = []
        for setting in Setting.all {
            let found = lookup.find(setting.name, isSecret: setting.isSecret)
            var entry = SettingValues.Entry(
                text: found?.text, source: source(of: setting.name, found?.layer, setting, file))
            if setting.isSecret, case .file = entry.source, let file, file.isReadableByOthers {
                exposedPaths.append(file.path)
            }
            if let secret = try secretFile(of: setting, found?.layer, lookup, file) {
                if secret.content.isReadableByOthers { exposedPaths.append(secret.path) }
                entry = SettingValues.Entry(text: secret.text, source: .secretFile(secret.path))
            }
            entries[setting.name] = entry
        }
        return SettingValues(entries: entries, exposedPaths: Array(Set(exposedPaths)).sorted())
    }

    private func source(
        of variable: String, _ layer: SettingSource.Layer?, _ setting: Setting, _ file: ConfigurationFile?
    ) -> SettingSource {
        switch layer {
        case .environment: .environment
        case .flags: .flag(setting.flag ?? variable)
        case .file: file?.entries[variable].map { .file($0.place) } ?? .standard
        case .standard, nil: .standard
        }
    }

    // MARK: - Secret files

    private struct Secret {
        let path: String
        let content: SettingFile
        let text: String
    }

    /// The bytes of a file with a secret.
    private static let secretByteCountMax = 64 << 10

    /// The secret in the file that `NAME_FILE` names; nil when no file is named, or `NAME` itself has precedence.
    private func secretFile(
        of setting: Setting, _ layer: SettingSource.Layer?, _ lookup: SettingLookup, _ file: ConfigurationFile?
    ) throws(ConfigurationError) -> Secret? {
        guard let variable = setting.fileVariable, let named = lookup.find(variable, isSecret: false) else {
            return nil
        }
        let place = named.layer == .file ? file?.entries[variable]?.place : nil
        func error(_ reason: String) -> ConfigurationError {
            ConfigurationError(name: variable, value: named.text, allowed: reason, place: place)
        }
        if let layer, layer.rawValue <= named.layer.rawValue {
            if layer == named.layer { throw error("not together with \(setting.name)") }
            return nil
        }
        let content: SettingFile
        do throws(SettingFile.ReadError) {
            content = try SettingFile(path: named.text, byteCountMax: Self.secretByteCountMax)
        } catch let failure {
            throw error(failure.description)
        }
        var bytes = content.bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw error("the file is empty") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw error("the file is not UTF-8") }
        return Secret(path: named.text, content: content, text: text)
    }
}

/// Finds the value of a variable in the first of the layers that has one, and says in which: a reader of
/// swift-configuration, whose report of the access names the provider.
private struct SettingLookup {
    /// Remembers which provider had the value of the last access.
    private final class LastAccess: AccessReporter {
        let layer = Mutex<SettingSource.Layer?>(nil)

        func report(_ event: AccessEvent) {
            // Providers are asked in their order, up to the first with a value.
            let isFound = (try? event.providerResults.last?.result.get())?.value != nil
            let last = SettingSource.Layer(rawValue: event.providerResults.count - 1)
            layer.withLock { $0 = isFound ? last : nil }
        }
    }

    private let reader: ConfigReader
    private let access = LastAccess()

    init(_ environment: [String: String], _ flags: [String: String], _ file: ConfigurationFile?) {
        let defaults = Setting.all.compactMap { setting -> (String, String)? in
            guard case .value(let text) = setting.defaultValue else { return nil }
            return (setting.name, text)
        }
        // In the order of the layers.
        let providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment),
            Self.provider("flags", flags),
            Self.provider("file", file?.entries.mapValues(\.text) ?? [:]),
            Self.provider("defaults", Dictionary(uniqueKeysWithValues: defaults)),
        ]
        reader = ConfigReader(providers: providers, accessReporter: access)
    }

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        let pairs = values.map { (AbsoluteConfigKey([$0.key]), ConfigValue(.string($0.value), isSecret: false)) }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }

    func find(_ variable: String, isSecret: Bool) -> (text: String, layer: SettingSource.Layer)? {
        guard let text = reader.string(forKey: ConfigKey([variable]), isSecret: isSecret),
            let layer = access.layer.withLock({ $0 })
        else { return nil }
        return (text, layer)
    }
}
