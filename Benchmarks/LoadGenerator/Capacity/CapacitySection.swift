extension PageSection {
    /// The section of a page that shows `report`: the knees as a plot, then its tables.
    package init(_ report: CapacityReport) {
        let plot = Self.kneePlot(report)
        let figures =
            plot.isEmpty ? "" : "<div class=\"plots\">\n\(plot.html())\(Self.latencyPlot(report).html())</div>\n"
        let tables = CapacityTables(report: report).all.map(Self.html)
        html =
            "<h2>Capacity</h2>\n" + figures + tables.joined() + Self.warnings(report)
            + OriginSection(runs: report.provenance.map { [$0] } ?? []).html()
    }

    private static let styles: [Plot.Style] = [.main, .second, .third]

    /// Plots the knees, with one number of streams or many: one line per objective.
    private static func kneePlot(_ report: CapacityReport) -> Plot {
        let objectives = Set(report.knees.map(\.objective)).sorted { $0.p99NanosecondsMax < $1.p99NanosecondsMax }
        let lines = zip(objectives.prefix(3), styles).map { objective, style in
            Plot.Line(
                name: objective.name, style: style,
                points: report.knees.filter { $0.objective == objective }.map {
                    .init(x: Double($0.connectionCount), y: $0.messagesPerSecond)
                })
        }
        let highest = lines.flatMap { $0.points.compactMap(\.y) }.max() ?? 0
        let widest = report.knees.map { Double($0.connectionCount) }.max() ?? 0
        return Plot(
            title: "Knees", note: "Messages a second that keep to the objective, by open streams.",
            horizontal: { .linear(maximum: widest, tickCount: $0 - 1, label: NumberText.shortCount) },
            vertical: .linear(maximum: highest, label: NumberText.shortCount), lines: lines)
    }

    /// Plots the latency at each rate, for up to three numbers of streams.
    private static func latencyPlot(_ report: CapacityReport) -> Plot {
        let counts = Set(report.observations.map(\.point.connectionCount)).sorted()
        let shown = counts.count <= 3 ? counts : [counts[0], counts[counts.count / 2], counts[counts.count - 1]]
        let lines = zip(shown, styles).map { count, style in
            let runs = Dictionary(
                grouping: report.observations.filter {
                    $0.point.connectionCount == count && $0.isReached
                        && $0.point.membersPerShop == report.observations[0].point.membersPerShop
                },
                by: \.point.messagesPerSecond)
            let points = runs.sorted { $0.key < $1.key }.map { rate, runs in
                Plot.Point(x: rate, y: Statistics.median(runs.compactMap { $0.p99Nanoseconds.map { Double($0) } }))
            }
            return Plot.Line(name: "\(NumberText.count(count)) streams", style: style, points: points)
        }
        let highest = lines.flatMap { $0.points.map(\.x) }.max() ?? 0
        return Plot(
            title: "Latency under load", note: "Delivery p99 by messages a second; runs that reached their rate.",
            horizontal: { .linear(maximum: highest, tickCount: $0 - 1, label: NumberText.shortCount) },
            vertical: .durations(lines.flatMap { $0.points.compactMap(\.y) }), lines: lines)
    }

    private static func html(_ table: CapacityTables.Table) -> String {
        let header = table.header.map { name in
            "<th scope=\"col\"\(name == "formula" ? " class=\"formula\"" : "")>\(HTMLText.escaped(name))</th>"
        }.joined()
        let rows = table.rows.map { row in
            let cells = row.dropFirst().enumerated().map { index, cell in
                let isFormula = table.header[index + 1] == "formula"
                return isFormula
                    ? "<td class=\"formula\">\(HTMLText.escaped(cell))</td>" : "<td>\(HTMLText.figure(cell))</td>"
            }
            return "<tr><th scope=\"row\">\(HTMLText.escaped(row.first ?? ""))</th>\(cells.joined())</tr>\n"
        }
        return """
            <div class="card scroll below"><table><caption>\(HTMLText.escaped(table.title))</caption>
            <thead><tr>\(header)</tr></thead>
            <tbody>
            \(rows.joined())</tbody></table>
            <p class="prose">\(HTMLText.escaped(table.note))</p></div>

            """
    }

    private static func warnings(_ report: CapacityReport) -> String {
        if let refusal = report.refusal { return warning("No plan", refusal) }
        let extrapolations = report.plan?.extrapolations ?? []
        return extrapolations.isEmpty ? "" : warning("Extrapolated", extrapolations.joined(separator: "; "))
    }

    private static func warning(_ title: String, _ text: String) -> String {
        "<p class=\"card verdict warn below\"><strong>\(title)</strong><span>\(HTMLText.escaped(text)).</span></p>\n"
    }
}
