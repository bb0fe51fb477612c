import Storage

/// A setting of the server: its variable, its flag, its default and its help text.
///
/// `Setting.all` lists all of them. The reader reads no other variable, the start refuses other variables with the
/// server's prefixes, and Sources/Server/README.md has the same rows.
struct Setting: Sendable {
    /// The value that applies without the variable.
    enum Default: Sendable {
        /// Nothing.
        case none
        /// A value, written as in the variable.
        case value(String)
        /// A value that depends on the machine or on other settings; the text describes it.
        case computed(String)
    }

    /// What differs between settings beside their values.
    enum Trait: Sendable {
        /// The value is a list. In a file it may be a sequence; else its items are separated by commas.
        case list
        /// The value is never shown, and `NAME_FILE` may name a file with it.
        case secret
        /// The same for a URI, which is shown without its password.
        case secretURI
        /// SIGHUP applies a new value. Others need a restart.
        case reloadable
        /// The value cannot be in the configuration file.
        case notInFile
    }

    /// The environment variable.
    let name: String
    /// The equivalent flag of `serve`.
    let flag: String?
    private let traits: Set<Trait>
    let defaultValue: Default
    /// One line of Markdown.
    let help: String

    init(
        _ name: String, flag: String? = nil, is traits: [Trait] = [], _ defaultValue: Default, _ help: String
    ) {
        self.name = name
        self.flag = flag
        self.traits = Set(traits)
        self.defaultValue = defaultValue
        self.help = help
    }

    var isList: Bool { traits.contains(.list) }
    var isSecret: Bool { traits.contains(.secret) || traits.contains(.secretURI) }
    var isReloadable: Bool { traits.contains(.reloadable) }
    var isInFile: Bool { !traits.contains(.notInFile) }

    /// A value as logs and listings may show it.
    func shown(_ text: String) -> String {
        if traits.contains(.secret) { return "(hidden)" }
        guard traits.contains(.secretURI) else { return text }
        return (try? StoreLocation(parsing: text))?.description ?? "(hidden)"
    }

    /// The row of the table in Sources/Server/README.md.
    var tableRow: String {
        let shown =
            switch defaultValue {
            case .none: "–"
            case .value(let text): Int(text) == nil ? "`\(text)`" : text
            case .computed(let text): text
            }
        let effect = isReloadable ? "applies" : "–"
        return "| `\(name)`\(flag.map { " (`\($0)`)" } ?? "") | \(shown) | \(effect) | \(help) |"
    }

    /// The setting of that name.
    static func named(_ name: String) -> Setting? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
