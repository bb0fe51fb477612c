import JSON
import Primitives
import Reactor

/// How lines of the log are written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// An object of JSON.
    case json
    /// `key=value`, with quotes where a value needs them.
    case logfmt
    /// For people.
    case text

    /// The level and the message of an event, with its fields, as a line that ends with a line feed.
    ///
    /// - Parameter isColoured: Whether `text` has colours, by the escapes of a terminal.
    func line(
        level: String, message: String, _ fields: [(String, String)], at time: Timestamp = WallClock.now,
        isColoured: Bool = false
    ) -> [UInt8] {
        switch self {
        case .json: Self.json(level, message, fields, time)
        case .logfmt: Self.logfmt(level, message, fields, time)
        case .text: Self.text(level, message, fields, time, isColoured: isColoured)
        }
    }

    /// `{"time":…,"level":…,"message":…,…}`.
    private static func json(
        _ level: String, _ message: String, _ fields: [(String, String)], _ time: Timestamp
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"time\":")
        writer.time(time)
        for (key, value) in [("level", level), ("message", message)] + fields {
            writer.raw(",")
            writer.string(key)
            writer.raw(":")
            writer.string(value)
        }
        writer.raw("}\n")
        return writer.bytes
    }

    /// `time=… level=… message=… …`.
    private static func logfmt(
        _ level: String, _ message: String, _ fields: [(String, String)], _ time: Timestamp
    ) -> [UInt8] {
        let pairs = [("time", time.rfc3339), ("level", level), ("message", message)] + fields
        return Array((pairs.map { "\($0)=\(quoted($1))" }.joined(separator: " ") + "\n").utf8)
    }

    /// `time LEVEL message  key=value …`.
    private static func text(
        _ level: String, _ message: String, _ fields: [(String, String)], _ time: Timestamp, isColoured: Bool
    ) -> [UInt8] {
        // Escapes in a value must not reach the terminal, nor may a value begin another line.
        var line = "\(time.rfc3339) \(styled(level.uppercased(), of: level, isColoured)) \(plain(message))"
        if !fields.isEmpty { line += " " }
        for (key, value) in fields { line += " \(key)=\(quoted(value))" }
        return Array((line + "\n").utf8)
    }

    private static func styled(_ text: String, of level: String, _ isColoured: Bool) -> String {
        guard isColoured else { return text }
        let code =
            switch level {
            case "critical", "error": 31
            case "warning": 33
            case "notice", "info": 32
            default: 90
            }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }

    /// The value, in quotes unless it consists of visible ASCII characters without `"`, `=` and `\`.
    private static func quoted(_ value: String) -> String {
        let isBare = value.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                && byte != UInt8(ascii: "\\")
        }
        return isBare && !value.isEmpty ? value : "\"\(escaped(value))\""
    }

    private static func plain(_ text: String) -> String {
        text.unicodeScalars.allSatisfy { !isControl($0) } ? text : escaped(text)
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case _ where isControl(scalar): text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// A character that a terminal obeys.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }
}
