/// Text for a page. Everything that comes from a report goes through `escaped`. Pure.
enum HTMLText {
    /// `text` so that it stands for itself in an element and in a quoted attribute. Control characters, which a page
    /// must not hold, become U+FFFD. O(characters).
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\0"..<" ", "\u{7f}"..."\u{9f}": result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A figure whose number and unit stay on one line, escaped.
    static func figure(_ text: String) -> String { escaped(text).split(separator: " ").joined(separator: "&nbsp;") }
}
