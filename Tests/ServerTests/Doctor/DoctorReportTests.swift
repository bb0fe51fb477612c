import FoundationEssentials
import Testing

@testable import Server

@Suite struct DoctorReportTests {
    private struct Decoded: Decodable {
        let code: String
        let severity: String
        let subject: String
        let text: String
        let fix: String?
    }

    private static let ok = Finding(.kernelOK, "Linux 6.12")
    private static let note = Finding(.portRangeSmall, "few")
    private static let warning = Finding(.clockUnsynchronised, "off", fix: "chronyd")
    private static let failure = Finding(.certificateExpired, "a \"quoted\"\n\u{1b}[2J text", fix: "renew")

    @Test func `the status is 1 with a failure, and with a warning when it is strict`() {
        for (findings, status, strictStatus) in [
            ([Self.ok, Self.note], Int32(0), Int32(0)), ([Self.warning], 0, 1), ([Self.ok, Self.failure], 1, 1),
            ([], 0, 0),
        ] {
            let report = DoctorReport(findings)
            #expect(report.exitStatus(isStrict: false) == status)
            #expect(report.exitStatus(isStrict: true) == strictStatus)
        }
    }

    @Test func `text has a line for each finding and its fix, and the counts`() {
        let text = DoctorReport([Self.ok, Self.warning, Self.failure]).text(isColoured: false)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.count == 8)
        #expect(lines[0] == "ok       kernel        Linux 6.12")
        #expect(lines[1] == "warning  clock         off")
        #expect(lines[2].hasSuffix("fix: chronyd"))
        #expect(lines[3].hasPrefix("failure  certificate   a \"quoted\"\u{fffd}\u{fffd}[2J text"))
        #expect(lines[6] == "1 failure, 1 warning")
    }

    @Test func `colours are escapes of a terminal, and only when they are wanted`() {
        let report = DoctorReport([Self.ok, Self.note, Self.warning, Finding(.keysMissing, "none")])
        #expect(!report.text(isColoured: false).contains("\u{1b}"))
        let coloured = report.text(isColoured: true)
        for code in [32, 36, 33, 31] { #expect(coloured.contains("\u{1b}[\(code)m")) }
    }

    @Test func `JSON is an array of the findings`() throws {
        let report = DoctorReport([Self.ok, Self.failure])
        let decoded = try JSONDecoder().decode([Decoded].self, from: Data(report.json.utf8))
        #expect(decoded.map(\.code) == ["kernel_ok", "certificate_expired"])
        #expect(decoded.map(\.severity) == ["ok", "failure"])
        #expect(decoded.map(\.subject) == ["kernel", "certificate"])
        #expect(decoded.map(\.text) == [Self.ok.text, Self.failure.text])
        #expect(decoded.map(\.fix) == [nil, "renew"])
        #expect(try JSONDecoder().decode([Decoded].self, from: Data(DoctorReport([]).json.utf8)).isEmpty)
    }

    @Test func `Sources/Server/README.md has every code with its severity`() throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/Server/README.md")
        let text = String(decoding: try Data(contentsOf: readme), as: UTF8.self)
        for code in FindingCode.allCases where code.row.severity != .ok {
            let row = "| `\(code.rawValue)` | \(code.row.severity.rawValue) | "
            #expect(text.contains("\n\(row)"), "Sources/Server/README.md lacks a row: \(row)")
        }
    }

    @Test func `an examination of settings that cannot be used still judges the machine`() async {
        let report = await Doctor.examine(
            SettingSources(environment: ["SHOPSTREAM_MODE": "none"]), streamCount: 1)
        #expect(report.findings.last?.code == .settingsInvalid)
        #expect(report.findings.contains { $0.code == .kernelOK || $0.code == .kernelTooOld })
        #expect(report.exitStatus(isStrict: false) == 1)
    }
}
