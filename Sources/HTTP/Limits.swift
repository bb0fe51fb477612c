/// What a message may cost before it is refused. All are counts of bytes unless they say otherwise.
///
/// 32 bits each, so that a parser that waits between two requests stays small.
public struct HTTPLimits: Hashable, Sendable {
    /// The request line (or status line) without its line break; beyond it 414.
    public var startLineBytesMax: UInt32
    /// All field lines of a head with their line breaks, without the empty line; beyond it 431.
    public var fieldBytesMax: UInt32
    /// The number of field lines of a head; beyond it 431.
    public var fieldCountMax: UInt32
    /// The content of a body when the request sets no other bound; beyond it 413.
    public var bodyBytesMax: UInt32
    /// All chunk extensions of a body together; beyond it 400. They are read over, so a peer could otherwise spend
    /// our time at no cost in content.
    public var chunkExtensionBytesMax: UInt32
    /// All trailer lines with their line breaks; beyond it 431.
    public var trailerBytesMax: UInt32

    /// The limits of the server, each of which may be replaced.
    public init(
        startLineBytesMax: UInt32 = 8 << 10,
        fieldBytesMax: UInt32 = 16 << 10,
        fieldCountMax: UInt32 = 100,
        bodyBytesMax: UInt32 = 128 << 10,
        chunkExtensionBytesMax: UInt32 = 4 << 10,
        trailerBytesMax: UInt32 = 4 << 10
    ) {
        self.startLineBytesMax = startLineBytesMax
        self.fieldBytesMax = fieldBytesMax
        self.fieldCountMax = fieldCountMax
        self.bodyBytesMax = bodyBytesMax
        self.chunkExtensionBytesMax = chunkExtensionBytesMax
        self.trailerBytesMax = trailerBytesMax
    }
}

/// Bounds that are not a matter of configuration.
enum FixedLimits {
    /// Hexadecimal digits of a chunk's size, leading zeros included: 16 hold every 64-bit number.
    static let chunkSizeDigitCountMax = 16
    /// Decimal digits of a TCP port.
    static let portDigitCountMax = 5
}

/// What a form may cost before it is refused.
public struct MultipartLimits: Hashable, Sendable {
    /// The parts of a form.
    public var partCountMax: Int
    /// The field lines of a part's head with their line breaks, in bytes.
    public var partHeadByteCountMax: UInt32
    /// The white space behind a boundary, in bytes.
    public var paddingByteCountMax: Int

    /// The limits of the server, each of which may be replaced.
    public init(partCountMax: Int = 16, partHeadByteCountMax: UInt32 = 4 << 10, paddingByteCountMax: Int = 16) {
        self.partCountMax = partCountMax
        self.partHeadByteCountMax = partHeadByteCountMax
        self.paddingByteCountMax = paddingByteCountMax
    }
}
