/// How the frames of a stream are encoded. A shop has one log for each encoding that its streams subscribed with.
///
/// The hub gives the numbers no meaning. The server decides which number is plain text, events or compressed frames.
public struct StreamEncoding: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// The number, below `StreamEncoding.bound`.
    public let rawValue: UInt8

    /// Encodings are numbered below this.
    public static let bound: UInt8 = 8

    /// The first encoding, and the default.
    public static let plain = StreamEncoding(uncheckedRawValue: 0)

    /// The encoding with the number `rawValue`; nil when it is not below `bound`.
    public init?(rawValue: UInt8) {
        guard rawValue < Self.bound else { return nil }
        self.rawValue = rawValue
    }

    private init(uncheckedRawValue: UInt8) {
        rawValue = uncheckedRawValue
    }
}

/// A set of encodings.
public struct StreamEncodings: OptionSet, Hashable, Sendable {
    /// One bit per encoding: bit n is set for the encoding with the number n.
    public let rawValue: UInt8

    /// The set with these bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The set of one encoding.
    public init(_ encoding: StreamEncoding) {
        rawValue = 1 << encoding.rawValue
    }

    /// Whether `encoding` is in the set. O(1).
    public func contains(_ encoding: StreamEncoding) -> Bool {
        contains(StreamEncodings(encoding))
    }
}
