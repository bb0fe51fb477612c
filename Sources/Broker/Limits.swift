/// The limits of this module. Those of the connection to PostgreSQL are `PostgresBrokerMachine.Settings`.
enum Limits {
    /// The longest message id, in bytes, that a notification may name: other services choose their own ids.
    static let hintedIDByteCountMax = 2048
}
