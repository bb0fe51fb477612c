/// Why a TLS connection cannot go on. Its alert, if there is one, is in the output.
public enum TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The peer sent more than a handshake needs.
    case handshakeTooLong
    /// The peer updates its key again and again without sending data.
    case tooManyKeyUpdates
    /// OpenSSL's reason: what the peer sent cannot be used, or it sent an alert.
    case failed(String)
    /// OpenSSL has no memory for another connection.
    case outOfMemory

    /// One phrase for a log.
    public var description: String {
        switch self {
        case .handshakeTooLong: "the handshake has too many bytes"
        case .tooManyKeyUpdates: "too many key updates without data"
        case .failed(let reason): reason
        case .outOfMemory: "no memory is left"
        }
    }
}

/// A certificate or a key that cannot be used.
public struct TLSConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The part of a pair that is wrong.
    public enum Part: Hashable, Sendable {
        /// The file with the chain.
        case certificate
        /// The file with the key.
        case key
    }

    /// The part that is wrong.
    public let part: Part
    /// Its file.
    public let path: String
    /// What is wrong, in one phrase.
    public let reason: String

    /// An error about one file.
    public init(_ part: Part, path: String, reason: String) {
        self.part = part
        self.path = path
        self.reason = reason
    }

    /// One line for the operator.
    public var description: String { "\(path): \(reason)" }
}
