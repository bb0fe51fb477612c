import Testing

@testable import Server

@Suite struct SettingChangesTests {
    private static func values(_ environment: [String: String]) throws -> SettingValues {
        try SettingSources(environment: environment).load()
    }

    @Test func `what a running server can apply is in force, and the rest stays as it was`() throws {
        let old = try Self.values(["SHOPSTREAM_LOG_LEVEL": "info", "SHOPSTREAM_REACTORS": "1"])
        let new = try Self.values([
            "SHOPSTREAM_LOG_LEVEL": "debug", "SHOPSTREAM_REACTORS": "2", "AUTH_JWT_SECRET": "hunter2",
        ])
        let changes = SettingChanges(from: old, to: new)
        #expect(changes.applied.map(\.setting.name) == ["SHOPSTREAM_LOG_LEVEL", "AUTH_JWT_SECRET"])
        #expect(changes.applied.map(\.shownOld) == ["info", "–"])
        #expect(changes.applied.map(\.shownNew) == ["debug", "(hidden)"])
        #expect(changes.pending.map(\.setting.name) == ["SHOPSTREAM_REACTORS"])
        #expect(changes.values.text("SHOPSTREAM_LOG_LEVEL") == "debug")
        #expect(changes.values.text("SHOPSTREAM_REACTORS") == "1")
        #expect(changes.applies("AUTH_JWT_SECRET") && !changes.applies("SHOPSTREAM_REACTORS"))
        // What needs a restart is reported again, what was applied is not.
        let again = SettingChanges(from: changes.values, to: new)
        #expect(again.applied.isEmpty && again.pending.map(\.setting.name) == ["SHOPSTREAM_REACTORS"])
    }

    @Test func `the same values change nothing`() throws {
        let values = try Self.values(["SHOPSTREAM_REACTORS": "2"])
        let changes = SettingChanges(from: values, to: values)
        #expect(changes.applied.isEmpty && changes.pending.isEmpty)
    }
}
