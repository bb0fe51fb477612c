/// A capacity report in lines for a terminal, 80 characters wide where its words allow.
package struct CapacityText: Sendable {
    /// The lines, without line feeds.
    package let lines: [String]

    /// The text, each line ending in a line feed.
    package var text: String { lines.map { $0 + "\n" }.joined() }

    /// The text of `report`.
    package init(_ report: CapacityReport) {
        var lines: [String] = []
        for table in CapacityTables(report: report).all {
            lines += [table.title]
            let isPlan = table.header.last == "formula"
            // A formula is too long for a column, so it follows its row.
            lines += Self.aligned([table.header] + table.rows, columnCount: table.header.count - (isPlan ? 1 : 0))
            if isPlan { lines += table.rows.flatMap { TextColumns.labelled("  \($0[0])", "= \($0[$0.count - 1])") } }
            lines += TextColumns.wrap(table.note, width: TextColumns.width) + [""]
        }
        if let refusal = report.refusal { lines += TextColumns.labelled("no plan", refusal) }
        for text in report.plan?.extrapolations ?? [] { lines += TextColumns.labelled("extrapolated", text) }
        if let run = report.provenance {
            lines += TextColumns.labelled("machine", ReportWords.machine(run.environment))
            lines += TextColumns.labelled("repeat", run.command)
        }
        self.lines = lines.last == "" ? lines.dropLast() : lines
    }

    /// The first `columnCount` cells of each row: the first column aligned left, the others right.
    private static func aligned(_ rows: [[String]], columnCount: Int) -> [String] {
        let widths = (0..<columnCount).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            (0..<columnCount).map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? "  " + row[column] + padding : padding + row[column]
            }.joined(separator: "  ")
        }
    }
}
