import Auth

extension AdminSecret {
    /// Nil when the setting has no value.
    static func read(_ reader: ConfigurationReader) throws(ConfigurationError) -> AdminSecret? {
        guard let text = reader.text("SHOPSTREAM_ADMIN_SECRET") else { return nil }
        guard let secret = AdminSecret(text) else {
            let counts = Auth.Limits.adminSecretByteCounts
            // The value of a secret must not be shown.
            throw ConfigurationError(
                name: "SHOPSTREAM_ADMIN_SECRET", value: "…",
                allowed: "\(counts.lowerBound) to \(counts.upperBound) visible characters of ASCII")
        }
        return secret
    }
}
