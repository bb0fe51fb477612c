/// Why an address cannot be listened on.
public enum ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process listens there.
    case inUse(ListenAddress)
    /// A call failed.
    case failed(ListenAddress, operation: String, errnoValue: Int32)

    /// What is wrong and what to do, in one line.
    public var description: String {
        switch self {
        case .inUse(let address):
            "\(address) is in use: another server listens there, and two would split the shops between them. Stop it "
                + "first, or start with --takeover if that is meant."
        case .failed(let address, let operation, let errnoValue):
            "cannot listen on \(address): \(operation) failed (errno \(errnoValue))"
        }
    }
}
