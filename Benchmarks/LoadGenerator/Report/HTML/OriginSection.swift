/// The origin of a page's figures: the commands that repeat them, the machine, and its settings.
struct OriginSection {
    /// The runs; those with the same machine share its description.
    let runs: [Provenance]

    /// A row of a list: a name and its text.
    typealias Row = (name: String, text: String)

    /// The last section of a page, with everything; empty without a run.
    func html() -> String {
        guard let first = runs.first else { return "" }
        let rows = Self.machine(first.environment) + Self.settings(first.environment)
        return "<h2>Where it comes from</h2>\n<div class=\"card\">\n\(commands)\(Self.list(rows))</div>\n"
    }

    /// What a reader must know before the figures of a run: the machine, its limits, the command. For the top of a
    /// page.
    func card() -> String {
        guard let first = runs.first else { return "" }
        return "<div class=\"card facts\">\n\(Self.list(Self.machine(first.environment)))\(commands)</div>\n"
    }

    /// `2026-01-03 15:30:00 UTC · http://127.0.0.1:8080 · shopload 1, commit a986697`, escaped.
    static func line(_ run: Provenance) -> String {
        // To the second: fractions do not help a reader.
        let started = run.startedAt.split(separator: ".").first.map { $0.replacing("T", with: " ") } ?? ""
        let commit = run.commit.isEmpty ? "commit not given (--commit)" : "commit \(run.commit)"
        return HTMLText.escaped("\(started) UTC · \(run.target) · shopload \(run.toolVersion), \(commit)")
    }

    /// A list of the rows that have a text.
    static func list(_ rows: [Row]) -> String {
        let items = rows.filter { !$0.text.isEmpty }.map {
            "<dt>\(HTMLText.escaped($0.name))</dt><dd>\(HTMLText.escaped($0.text))</dd>\n"
        }
        return "<dl>\n\(items.joined())</dl>\n"
    }

    /// Names and values in the order of the names.
    static func pairs(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
    }

    /// The settings that may change between runs on the same machine.
    static func settings(_ environment: Environment) -> [Row] {
        [
            ("Pinning", environment.pinning ?? "none"), ("Kernel settings", pairs(environment.kernelSettings)),
            ("Load before", NumberText.significant(environment.loadAverageBefore)),
            ("Other load", environment.otherLoadShare.map(NumberText.percent) ?? ""),
        ]
    }

    private static func machine(_ environment: Environment) -> [Row] {
        [
            ("Machine", ReportWords.machine(environment)),
            ("Limits", pairs(environment.limits.mapValues(NumberText.count))),
        ]
    }

    /// The commands, each once. Lines break only between words: a browser would also break after a hyphen, and an
    /// option would look like two.
    private var commands: String {
        let all = runs.map(\.command)
        let shown = Set(all).count == all.count ? all : Array(all.prefix(1))
        return shown.map { command in
            let words = command.split(separator: " ").map { "<span>\(HTMLText.escaped(String($0)))</span>" }
            return "<pre>\(words.joined(separator: " "))</pre>\n"
        }.joined()
    }
}
