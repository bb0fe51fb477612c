import Storage

/// Where a value of the configuration file is.
public struct SettingPlace: Sendable, Hashable, CustomStringConvertible {
    /// The file.
    let path: String
    /// The line of the key, from 1.
    let line: Int
    /// The key, with a dot where a map contains it.
    let key: String

    /// `PATH:LINE`.
    public var description: String { "\(path):\(line)" }
}

/// Where the value of a setting comes from.
enum SettingSource: Sendable, Hashable {
    case environment
    case flag(String)
    case file(SettingPlace)
    /// A file that only has the value.
    case secretFile(String)
    /// The default of the table.
    case standard

    /// The precedence: a source with a lower number overrides the others. A secret file has that of the source that
    /// names it.
    enum Layer: Int, CaseIterable {
        case environment
        case flags
        case file
        case standard
    }
}

/// The values of all settings as texts, and where each comes from. Immutable; made by `SettingSources.load`.
public struct SettingValues: Sendable {
    /// A setting's value.
    struct Entry: Sendable {
        /// Nil when the setting has neither a value nor a default in the table.
        var text: String?
        var source: SettingSource
    }

    private var entries: [String: Entry]
    /// Files with a secret that every user of the machine may read.
    public internal(set) var exposedPaths: [String]

    init(entries: [String: Entry], exposedPaths: [String] = []) {
        self.entries = entries
        self.exposedPaths = exposedPaths
    }

    /// The value of a setting, which has a row in `Setting.all`.
    subscript(_ setting: Setting) -> Entry {
        get { entries[setting.name] ?? Entry(text: nil, source: .standard) }
        set { entries[setting.name] = newValue }
    }

    /// The value of the variable; nil when there is none.
    public func text(_ name: String) -> String? {
        guard let setting = Setting.named(name) else { preconditionFailure("\(name) has no row in Setting.all") }
        return self[setting].text
    }

    /// Where messages are stored.
    public func store() throws(ConfigurationError) -> StoreLocation {
        do throws(ConfigurationError) {
            return try ServerConfiguration.store(ConfigurationReader(values: self))
        } catch {
            throw located(error)
        }
    }

    /// The same error, with the place in the file if the value comes from there.
    public func located(_ error: ConfigurationError) -> ConfigurationError {
        guard error.place == nil, error.value != nil, let setting = Setting.named(error.name) else { return error }
        var located = error
        switch self[setting].source {
        case .file(let place): located.place = place
        case .secretFile(let path): located.secretPath = path
        case .environment, .flag, .standard: break
        }
        return located
    }
}
