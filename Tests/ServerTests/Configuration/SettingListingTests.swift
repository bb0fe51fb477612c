import Testing

@testable import Server

@Suite struct SettingListingTests {
    @Test func `a listing has every setting with its source, and shows no secret`() throws {
        let values = try SettingSources(environment: ["AUTH_JWT_SECRET": "hunter2", "SHOPSTREAM_REACTORS": "2"]).load()
        let configuration = try ServerConfiguration(values)
        let all = SettingListing(values, configuration)
        #expect(all.rows.map(\.setting.name) == Setting.all.map(\.name))
        #expect(!all.text.contains("hunter2") && !all.json.contains("hunter2"))
        // Nothing but a value without a default lacks one.
        for row in all.rows where row.value == nil {
            guard case .none = row.setting.defaultValue else {
                Issue.record("\(row.setting.name) has no value")
                continue
            }
        }
        let changed = SettingListing(values, configuration, isChangedOnly: true)
        #expect(
            changed.text == """
                SHOPSTREAM_REACTORS  2         environment
                AUTH_JWT_SECRET      (hidden)  environment

                """)
        #expect(
            changed.json == """
                [
                {"name":"SHOPSTREAM_REACTORS","value":"2","source":"environment","origin":null,"applies_on_reload":false},
                {"name":"AUTH_JWT_SECRET","value":"(hidden)","source":"environment","origin":null,"applies_on_reload":true}
                ]

                """)
    }
}
