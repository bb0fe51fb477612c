import Glibc
import JSON

/// What `shopstream config` prints: each setting, its value in force and where that comes from. Secrets are hidden.
public struct SettingListing: Sendable {
    struct Row: Sendable {
        let setting: Setting
        /// As it may be shown; nil when there is none.
        let value: String?
        let source: SettingSource
    }

    let rows: [Row]

    /// The rows of the table, in its order.
    ///
    /// - Parameter isChangedOnly: Leaves out the settings that have their defaults.
    public init(_ values: SettingValues, _ configuration: ServerConfiguration, isChangedOnly: Bool = false) {
        rows = Setting.all.compactMap { setting in
            let entry = values[setting]
            if isChangedOnly, entry.source == .standard { return nil }
            let text = entry.text ?? configuration.computedText(of: setting)
            return Row(setting: setting, value: text.map(setting.shown), source: entry.source)
        }
    }

    /// Aligned text, a line for each setting.
    public var text: String {
        let values = rows.map { $0.value ?? "–" }
        let nameWidth = rows.map(\.setting.name.count).max() ?? 0
        // A long value moves the source of its own line only.
        let valueWidth = min(values.map(\.count).max() ?? 0, 40)
        return zip(rows, values).map { row, value in
            "\(Self.padded(row.setting.name, nameWidth))  \(Self.padded(value, valueWidth))  \(row.sourceText)\n"
        }.joined()
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// An array of objects with `name`, `value`, `source`, `origin` and `applies_on_reload`.
    public var json: String {
        var writer = JSONWriter()
        writer.raw("[")
        for (index, row) in rows.enumerated() {
            writer.raw(index == 0 ? "\n" : ",\n")
            writer.raw("{\"name\":")
            writer.string(row.setting.name)
            writer.raw(",\"value\":")
            if let value = row.value { writer.string(value) } else { writer.raw("null") }
            writer.raw(",\"source\":")
            writer.string(row.sourceName)
            writer.raw(",\"origin\":")
            if let origin = row.origin { writer.string(origin) } else { writer.raw("null") }
            writer.raw(row.setting.isReloadable ? ",\"applies_on_reload\":true}" : ",\"applies_on_reload\":false}")
        }
        writer.raw("\n]\n")
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension SettingListing.Row {
    /// The kind of the source, for scripts.
    fileprivate var sourceName: String {
        switch source {
        case .environment: "environment"
        case .flag: "flag"
        case .file: "file"
        case .secretFile: "secret_file"
        case .standard:
            switch setting.defaultValue {
            case .computed: "computed"
            case .none, .value: "default"
            }
        }
    }

    /// The flag, the file with the key, or the secret file.
    fileprivate var origin: String? {
        switch source {
        case .environment, .standard: nil
        case .flag(let flag): flag
        case .file(let place): "\(place.path):\(place.key)"
        case .secretFile(let path): path
        }
    }

    fileprivate var sourceText: String {
        let name = sourceName == "secret_file" ? "secret file" : sourceName
        return origin.map { "\(name) \($0)" } ?? name
    }
}

extension ServerConfiguration {
    /// The value of a setting whose default depends on the machine or on other settings; nil for any other.
    fileprivate func computedText(of setting: Setting) -> String? {
        guard case .computed(let description) = setting.defaultValue else { return nil }
        return switch setting.name {
        case "SHOPSTREAM_REACTORS": "\(reactorCount)"
        case "SHOPSTREAM_POSTGRES_CONNECTIONS": "\(postgresConnectionCount ?? 2 * reactorCount)"
        case "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR": "\(connectionsPerReactorMax)"
        case "SHOPSTREAM_IMAGES": imagesPath
        case "SHOPSTREAM_LOG_FORMAT": isatty(STDERR_FILENO) == 1 ? LogFormat.text.rawValue : LogFormat.json.rawValue
        default: description
        }
    }
}
