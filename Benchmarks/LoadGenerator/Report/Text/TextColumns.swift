/// Plain text in lines of a limited width, counted in characters. Pure.
enum TextColumns {
    /// The default width of a terminal.
    static let width = 80
    /// The column at which the text after a label starts.
    static let labelWidth = 16

    /// `text` in lines of at most `width` characters, broken at spaces. A longer word gets a line of its own.
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if line.isEmpty {
                line = String(word)
            } else if line.count + 1 + word.count <= width {
                line += " \(word)"
            } else {
                lines.append(line)
                line = String(word)
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    /// A label with `text` beside it, in as many lines as needed.
    static func labelled(_ label: String, _ text: String) -> [String] {
        wrap(text, width: width - labelWidth).enumerated().map { index, line in
            padded(index == 0 ? label : "", to: labelWidth) + line
        }
    }

    /// A label and `parts` beside it, two spaces apart, never broken within a part that fits a line.
    static func labelled(_ label: String, parts: [String]) -> [String] {
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, last.count + 2 + part.count <= width - labelWidth {
                lines[lines.count - 1] = last + "  " + part
            } else {
                lines += wrap(part, width: width - labelWidth)
            }
        }
        return lines.enumerated().map { padded($0.offset == 0 ? label : "", to: labelWidth) + $0.element }
    }

    /// A label and right-aligned cells of equal width.
    static func row(_ label: String, _ cells: [String]) -> String {
        let cellWidth = (width - labelWidth) / max(cells.count, 1)
        return padded(label, to: labelWidth)
            + cells.map { String(repeating: " ", count: max(0, cellWidth - $0.count)) + $0 }.joined()
    }

    /// `text`, padded with spaces at the end to `width`.
    static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
