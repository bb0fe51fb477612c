/// An invalid or missing setting: its name, its value, and what is allowed.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The environment variable; for an unknown one of the file, its key.
    public let name: String
    /// Its value; nil when it is missing. Secrets are not shown.
    public let value: String?
    /// What is allowed.
    public let allowed: String
    /// Where the value is, if it comes from the configuration file.
    var place: SettingPlace?
    /// The file that the value comes from, if it has only this value.
    var secretPath: String?

    /// An error about one setting.
    public init(name: String, value: String?, allowed: String, place: SettingPlace? = nil) {
        self.name = name
        self.value = value
        self.allowed = allowed
        self.place = place
    }

    /// One line for the operator.
    public var description: String {
        let origin = place.map(\.description) ?? secretPath
        let text =
            if let value {
                "\(place?.key ?? name)='\(value)' cannot be used: \(allowed)"
            } else {
                "\(name) is missing: \(allowed)"
            }
        return origin.map { "\($0): \(text)" } ?? text
    }
}
