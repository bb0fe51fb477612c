import Chat

extension MessageFormat {
    init(_ reader: ConfigurationReader) throws(ConfigurationError) {
        self.init()
        includesUsername = try reader.flag("WEBSOCKET_INCLUDE_USERNAME")
        authorKey = try reader.choice("SHOPSTREAM_AUTHOR_KEY")
        updatedAtOnCreate = try reader.choice("SHOPSTREAM_UPDATED_AT_ON_CREATE")
    }
}

extension ConfigurationReader {
    /// One of the values that a setting allows.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws(ConfigurationError) -> Choice {
        guard let text = text(name) else { preconditionFailure("\(name) has no value") }
        guard let choice = Choice(rawValue: text) else {
            throw ConfigurationError(
                name: name, value: text, allowed: Choice.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return choice
    }
}
