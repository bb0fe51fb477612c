/// A report as one self-contained HTML page, without scripts, that works offline.
package struct ReportPage: Sendable {
    /// The page, UTF-8.
    package let html: String

    /// Creates the page of `report`; `sections` are further sections, made by this module, after the plots.
    package init(_ report: RunReport, sections: [PageSection] = []) {
        let title = ReportWords.title(report)
        let body =
            Self.header(report, title: title) + Self.verdict(Verdict(report))
            + OriginSection(runs: [Provenance(report)]).card() + ReportTiles(report).html()
            + "<h2>Over the run</h2>\n<div class=\"plots\">\n" + ReportPlots(report).all.map { $0.html() }.joined()
            + "</div>\n" + Self.tables(report) + sections.map(\.html).joined() + Self.settings(report)
        html = Self.document(title: title, body: body)
    }

    /// Creates a page with only `sections`.
    package init(title: String, sections: [PageSection]) {
        let header = "<p class=\"kind\">shopload</p>\n<h1>\(HTMLText.escaped(title))</h1>\n"
        html = Self.document(title: title, body: header + sections.map(\.html).joined())
    }

    private static func document(title: String, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(HTMLText.escaped(title))</title>
        <style>
        \(PageStyle.css)
        </style>
        </head>
        <body>
        <main>
        \(body)</main>
        </body>
        </html>

        """
    }

    private static func header(_ report: RunReport, title: String) -> String {
        return """
            <p class="kind">Load report</p>
            <h1>\(HTMLText.escaped(title))</h1>
            <p class="origin">\(OriginSection.line(Provenance(report)))</p>

            """
    }

    private static func verdict(_ verdict: Verdict) -> String {
        let (tone, name) =
            switch verdict.kind {
            case .neither: ("good", "Target reached")
            case .serverIsAtFault: ("bad", "Server at fault")
            case .serverIsTheLimit: ("warn", "Server limited")
            case .generatorIsTheLimit: ("bad", "Generator limited")
            case .unclear: ("bad", "Unclear")
            }
        return "<p class=\"card verdict \(tone)\"><strong>\(name)</strong>"
            + "<span>\(HTMLText.escaped(verdict.sentence).replacing(" %", with: "&nbsp;%"))</span></p>\n"
    }

    private static func tables(_ report: RunReport) -> String {
        let heads = (["latency"] + ReportWords.percentiles.map(\.name) + ["max", "count"])
            .map { "<th scope=\"col\">\($0)</th>" }.joined()
        let rows = ReportWords.distributions(report).filter { !$0.distribution.isEmpty }.map { row in
            let cells = ReportWords.cells(row.distribution) + [NumberText.count(Int(row.distribution.count))]
            return
                "<tr><th scope=\"row\">\(HTMLText.escaped(row.name))<small>\(HTMLText.escaped(row.meaning))</small></th>"
                + cells.map { "<td>\(HTMLText.figure($0))</td>" }.joined() + "</tr>\n"
        }
        let groups = ReportWords.counterGroups(report.counters, KeyFigures(report)).map(counterTable).joined()
        return """
            <h2>Figures</h2>
            <div class="card scroll latencies"><table>
            <thead><tr>\(heads)</tr></thead>
            <tbody>
            \(rows.joined())</tbody></table></div>
            <div class="tables">
            \(groups)</div>

            """
    }

    /// The names of counters that should be 0.
    private static let faults: Set = [
        "lost", "duplicated", "out of order", "foreign", "corrupt", "cut", "refused", "timed out", "ended early",
    ]

    private static func counterTable(_ group: ReportWords.CounterGroup) -> String {
        let rows = group.rows.map { row in
            let isFault = row.count > 0 && faults.contains(row.name)
            return "<tr><th scope=\"row\">\(HTMLText.escaped(row.name))</th>"
                + "<td\(isFault ? " class=\"bad\"" : "")>\(NumberText.count(row.count))</td></tr>\n"
        }
        return "<div class=\"card\"><table><caption>\(HTMLText.escaped(group.name.capitalizedFirst))</caption>"
            + "<tbody>\n\(rows.joined())</tbody></table></div>\n"
    }

    private static func settings(_ report: RunReport) -> String {
        let phases = report.scenario.phases
        let seconds = { (value: Double) in "\(NumberText.trimmed((value * 100).rounded() / 100)) s" }
        let rows: [OriginSection.Row] = [
            (
                "Phases",
                "connect \(seconds(phases.connectSeconds)), warm-up \(seconds(phases.warmUpSeconds)), "
                    + "steady \(seconds(phases.steadySeconds)), drain \(seconds(phases.drainSeconds))"
            ),
            ("Parameters", OriginSection.pairs(report.scenario.parameters)),
            ("Generator", ReportWords.generator(report.generator)),
        ]
        let list = OriginSection.list(rows + OriginSection.settings(report.environment))
        return "<h2>How it was set</h2>\n<div class=\"card\">\n\(list)</div>\n"
    }
}

/// A section of a page that another part of this module has made, with all text escaped.
package struct PageSection: Sendable {
    let html: String
}

extension String {
    /// The text with its first letter as a capital.
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
