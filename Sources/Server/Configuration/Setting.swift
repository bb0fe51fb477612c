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

    /// The environment variable.
    let name: String
    /// The equivalent flag of `serve`.
    let flag: String?
    let defaultValue: Default
    /// One line of Markdown.
    let help: String

    init(_ name: String, flag: String? = nil, _ defaultValue: Default, _ help: String) {
        self.name = name
        self.flag = flag
        self.defaultValue = defaultValue
        self.help = help
    }

    /// The row of the table in Sources/Server/README.md.
    var tableRow: String {
        let shown =
            switch defaultValue {
            case .none: "–"
            case .value(let text): Int(text) == nil ? "`\(text)`" : text
            case .computed(let text): text
            }
        return "| `\(name)`\(flag.map { " (`\($0)`)" } ?? "") | \(shown) | \(help) |"
    }

    /// The setting of that name.
    static func named(_ name: String) -> Setting? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

// MARK: - Unknown names

extension Setting {
    /// A variable that begins with one of these belongs to the server.
    private static let prefixes = ["SHOPSTREAM_", "WEBSOCKET_", "AUTH_JW"]

    /// Refuses variables with the server's prefixes that no setting has. Otherwise a mistyped name would leave the
    /// default in force without a notice.
    static func refuseUnknown(in environment: [String: String]) throws(ConfigurationError) {
        let unknown = environment.keys.filter { name in prefixes.contains { name.hasPrefix($0) } && byName[name] == nil
        }
        guard let name = unknown.min() else { return }
        // The value may be a secret under a mistyped name.
        throw ConfigurationError(
            name: name, value: "…", allowed: "there is no such setting; the nearest is \(nearest(to: name).name)")
    }

    /// The setting whose name differs least, by insertions, deletions and substitutions of characters. The first of the
    /// table when several differ equally. O(settings × length²).
    static func nearest(to name: String) -> Setting {
        let text = Array(name.uppercased().utf8.prefix(128))
        return all.min { distance(text, Array($0.name.utf8)) < distance(text, Array($1.name.utf8)) } ?? all[0]
    }

    /// The Levenshtein distance, row by row of its matrix.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for rightIndex in right.indices {
                let substituted = diagonal + (byte == right[rightIndex] ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(substituted, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
