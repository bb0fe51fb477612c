import JSON

/// What an examination found, and how it is printed.
public struct DoctorReport: Sendable {
    /// The findings, in the order of the checks.
    public let findings: [Finding]

    init(_ findings: [Finding]) { self.findings = findings }

    /// 0 without a failure, else 1.
    ///
    /// - Parameter isStrict: Whether a warning counts as a failure.
    public func exitStatus(isStrict: Bool) -> Int32 {
        let isBad = findings.contains { finding in
            switch finding.severity {
            case .failure: true
            case .warning: isStrict
            case .ok, .note: false
            }
        }
        return isBad ? 1 : 0
    }

    /// A line for each finding, the fix below it, and a line with the counts. Ends with a line feed.
    ///
    /// - Parameter isColoured: Whether severities have colours, by the escapes of a terminal.
    public func text(isColoured: Bool) -> String {
        var text = ""
        for finding in findings {
            text += Self.styled(finding.severity, isColoured)
            text += " \(Self.padded(finding.subject, to: 13)) \(Self.plain(finding.text))\n"
            if let fix = finding.fix { text += "\(Self.padded("", to: 22)) fix: \(Self.plain(fix))\n" }
        }
        let failures = findings.count { $0.severity == .failure }
        let warnings = findings.count { $0.severity == .warning }
        return text + "\n\(Self.counted(failures, "failure")), \(Self.counted(warnings, "warning"))\n"
    }

    /// An array of objects with `code`, `severity`, `subject`, `text` and `fix` (or null). Ends with a line feed.
    public var json: String {
        var writer = JSONWriter()
        writer.raw("[")
        for (index, finding) in findings.enumerated() {
            writer.raw(index == 0 ? "\n{\"code\":" : ",\n{\"code\":")
            writer.string(finding.code.rawValue)
            writer.raw(",\"severity\":")
            writer.string(finding.severity.rawValue)
            writer.raw(",\"subject\":")
            writer.string(finding.subject)
            writer.raw(",\"text\":")
            writer.string(finding.text)
            writer.raw(",\"fix\":")
            writer.string(orNull: finding.fix)
            writer.raw("}")
        }
        writer.raw("\n]\n")
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func styled(_ severity: FindingSeverity, _ isColoured: Bool) -> String {
        let text = padded(severity.rawValue, to: 8)
        guard isColoured else { return text }
        let code =
            switch severity {
            case .ok: 32
            case .note: 36
            case .warning: 33
            case .failure: 31
            }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }

    /// Control characters of a path or of a setting must not reach the terminal, nor begin another line.
    private static func plain(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            plain.append(scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar)
        }
        return String(plain)
    }
}
