/// How the frames of a stream are encoded; each shop has a log for every encoding that a stream subscribed with.
///
/// The hub gives the numbers no meaning: a server may count plain text, events and compressed frames.
public struct StreamEncoding: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// The number, below `StreamEncoding.bound`.
    public let rawValue: UInt8

    /// Encodings are numbered below this.
    public static let bound: UInt8 = 8

    /// The first encoding, and the one meant when none is named.
    public static let plain = StreamEncoding(uncheckedRawValue: 0)

    /// The encoding `rawValue`; nil at and above `bound`.
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
    /// A bit for each encoding.
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
