import FoundationEssentials
import Testing

@testable import Server

@Suite struct SettingTests {
    private static func refusal(_ environment: [String: String]) -> String? {
        do throws(ConfigurationError) {
            try Setting.refuseUnknown(in: environment)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `Sources/Server/README.md has the rows of the settings`() throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Server/README.md")
        let prefixes = ["| `SHOPSTREAM_", "| `WEBSOCKET_", "| `AUTH_JW", "| `OTEL_"]
        let lines = try String(decoding: Data(contentsOf: readme), as: UTF8.self).split(separator: "\n").map(
            String.init)
        let shown = lines.filter { line in prefixes.contains { line.hasPrefix($0) } }
        for setting in Setting.all {
            #expect(shown.contains(setting.tableRow), "Sources/Server/README.md lacks the row: \(setting.tableRow)")
        }
        #expect(shown.count == Setting.all.count)
        #expect(shown == Setting.all.map(\.tableRow))
    }

    @Test(arguments: Setting.all.map(\.name))
    func `setting a variable to its default changes nothing`(name: String) throws {
        guard case .value(let text) = Setting.named(name)?.defaultValue else { return }
        let unset = try ServerConfiguration(environment: [:])
        let set = try ServerConfiguration(environment: [name: text])
        #expect(String(describing: set) == String(describing: unset))
    }

    @Test(arguments: [
        ("SHOPSTREAM_LITSEN", "SHOPSTREAM_LISTEN"), ("SHOPSTREAM_STOER", "SHOPSTREAM_STORE"),
        ("SHOPSTREAM_store", "SHOPSTREAM_STORE"), ("WEBSOCKET_ORIGINS", "WEBSOCKET_ENABLED"),
        ("WEBSOCKET_ALLOWED_ORIGIN", "WEBSOCKET_ALLOWED_ORIGINS"), ("AUTH_JWT_SECRETS", "AUTH_JWT_SECRET"),
        ("AUTH_JWK_FILE", "AUTH_JWKS_FILE"),
    ])
    func `an unknown variable is refused with the nearest name`(name: String, nearest: String) {
        #expect(Self.refusal([name: "hunter2"])?.contains(nearest) == true)
        #expect(Self.refusal([name: "hunter2"])?.contains("hunter2") == false)
        #expect(throws: ConfigurationError.self) { try ServerConfiguration(environment: [name: "hunter2"]) }
    }

    @Test(arguments: ["PATH", "AUTH_SECRET", "SHOPSTREAM", "WEBSOCKETS_X", "websocket_enabled", "DEMO_FOLDER"])
    func `a variable without the prefixes is not the server's`(name: String) {
        #expect(Self.refusal([name: "x"]) == nil)
    }

    @Test func `a long name is compared in bounded time`() {
        #expect(Self.refusal(["SHOPSTREAM_" + String(repeating: "X", count: 1 << 17): ""]) != nil)
    }
}
