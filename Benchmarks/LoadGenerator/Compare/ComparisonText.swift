/// A comparison in lines for a terminal, 80 characters wide.
package struct ComparisonText: Sendable {
    /// The lines, without line feeds.
    package let lines: [String]

    /// The text, each line ending in a line feed.
    package var text: String { lines.map { $0 + "\n" }.joined() }

    /// The text of `comparison`: for each measure the medians, their ratio, and a verdict.
    package init(_ comparison: Comparison) {
        let rounds = comparison.measures.first?.a.count ?? 0
        var lines = TextColumns.wrap(
            "A: \(comparison.title(comparison.nameA, .a)); B: \(comparison.title(comparison.nameB, .b)); "
                + "\(NumberText.counted(rounds, "round", "rounds")) of both", width: TextColumns.width)
        for warning in comparison.warnings {
            lines += TextColumns.wrap("warning: \(warning)", width: TextColumns.width)
        }
        lines += ["", Self.row("median of", ["A", "B", "B ÷ A"])]
        for measure in comparison.measures {
            lines.append(Self.row(measure.name, ComparisonCells.cells(measure)))
            lines += TextColumns.wrap(comparison.verdict(measure), width: TextColumns.width - 2).map { "  " + $0 }
        }
        if let caution = comparison.caution { lines += [""] + TextColumns.wrap(caution, width: TextColumns.width) }
        if let run = comparison.provenance.first {
            lines += [""] + TextColumns.labelled("machine", ReportWords.machine(run.environment))
        }
        for command in Self.commands(comparison) { lines += TextColumns.labelled("repeat", command) }
        self.lines = lines
    }

    /// The commands, each once.
    private static func commands(_ comparison: Comparison) -> [String] {
        let all = comparison.provenance.map(\.command)
        return Set(all).count == all.count ? all : Array(all.prefix(1))
    }

    private static func row(_ label: String, _ cells: [String]) -> String {
        TextColumns.padded(label, to: 26)
            + cells.map { cell in
                String(repeating: " ", count: max(0, 14 - cell.count)) + cell
            }.joined()
    }
}

/// The cells of a measure, shared by the terminal and the page.
enum ComparisonCells {
    /// Both medians and the ratio.
    static func cells(_ measure: Comparison.Measure) -> [String] {
        let median = { (values: [Double]) in Statistics.median(values).map(measure.unit.text) ?? "–" }
        return [
            median(measure.a), median(measure.b), measure.ratio.map { NumberText.decimal($0.ratio, digits: 3) } ?? "–",
        ]
    }
}
