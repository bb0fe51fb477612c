/// Rows of texts in columns.
struct LiveTable {
    enum Alignment {
        case left, right
    }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    mutating func append(_ row: [String]) {
        precondition(row.count == columns.count, "a text for each column")
        rows.append(row)
    }

    /// The line of the titles, then a line for each row. A column is as wide as its widest text, at most `widthMax`.
    func lines(widthMax: Int = 48) -> [String] {
        let all = [columns.map { $0.title }] + rows.map { $0.map { LiveText.cut($0, toWidth: widthMax) } }
        let widths = columns.indices.map { column in all.map { LiveText.width($0[column]) }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - LiveText.width(text))
                line += column == 0 ? "" : "  "
                line += columns[column].alignment == .left ? text + padding : padding + text
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
