/// Where a page's figures come from: the commands that repeat them, and the machine.
struct OriginSection {
    /// The runs; those with the same machine share its description.
    let runs: [Provenance]
    /// Further rows, such as a scenario's parameters.
    var rows: [(name: String, text: String)] = []

    /// The section; empty without a run.
    func html() -> String {
        guard let first = runs.first else { return "" }
        let commands = runs.map(\.command)
        let shown = Set(commands).count == commands.count ? commands : Array(commands.prefix(1))
        let items = (machine(first.environment) + rows).filter { !$0.text.isEmpty }.map {
            "<dt>\(HTMLText.escaped($0.name))</dt><dd>\(HTMLText.escaped($0.text))</dd>\n"
        }
        return """
            <h2>Where it comes from</h2>
            <div class="card">
            \(shown.map(Self.commandHTML).joined(separator: "\n"))
            <dl>
            \(items.joined())</dl></div>

            """
    }

    /// `2026-01-03 15:30:00 UTC · http://127.0.0.1:8080 · shopload 1 (a986697)`, escaped.
    static func line(_ run: Provenance) -> String {
        // To the second: what is finer says nothing to a reader.
        let started = run.startedAt.split(separator: ".").first.map { $0.replacing("T", with: " ") } ?? ""
        let version = run.commit.isEmpty ? run.toolVersion : "\(run.toolVersion) (\(run.commit))"
        return HTMLText.escaped("\(started) UTC · \(run.target) · shopload \(version)")
    }

    /// Names and values in the order of the names.
    static func list(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
    }

    /// A command whose lines break between its words only: a browser would break behind a hyphen as well, and an option
    /// would look like two.
    private static func commandHTML(_ command: String) -> String {
        let words = command.split(separator: " ").map { "<span>\(HTMLText.escaped(String($0)))</span>" }
        return "<pre>\(words.joined(separator: " "))</pre>"
    }

    private func machine(_ environment: Environment) -> [(name: String, text: String)] {
        [
            ("Machine", ReportWords.machine(environment)), ("Pinning", environment.pinning ?? "none"),
            ("Limits", Self.list(environment.limits.mapValues(NumberText.count))),
            ("Kernel settings", Self.list(environment.kernelSettings)),
            ("Load before", NumberText.significant(environment.loadAverageBefore)),
            ("Other load", environment.otherLoadShare.map(NumberText.percent) ?? ""),
        ]
    }
}
