/// Text for a page. All content of a report goes through `escaped`. Pure.
enum HTMLText {
    /// Escapes `text` for an element or a quoted attribute. Control characters, which a page must not contain, become
    /// U+FFFD. O(characters).
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

    /// A figure, escaped, with its number and unit kept on one line.
    static func figure(_ text: String) -> String { escaped(text).split(separator: " ").joined(separator: "&nbsp;") }
}
