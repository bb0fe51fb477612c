/// The limits of a message. Larger messages are rejected. All are counts of bytes unless stated otherwise.
///
/// 32 bits each, so that a parser that is idle between two requests stays small.
public struct HTTPLimits: Hashable, Sendable {
    /// The request line or status line, without its line break; over it 414.
    public var startLineBytesMax: UInt32
    /// All field lines of a head with their line breaks, without the empty line; over it 431.
    public var fieldBytesMax: UInt32
    /// The number of field lines of a head; over it 431.
    public var fieldCountMax: UInt32
    /// The content of a body, unless the request sets another limit; over it 413.
    public var bodyBytesMax: UInt32
    /// All chunk extensions of a body together; over it 400. They are parsed and ignored, so without this limit a peer
    /// could consume CPU time without sending content.
    public var chunkExtensionBytesMax: UInt32
    /// All trailer lines with their line breaks; over it 431.
    public var trailerBytesMax: UInt32

    /// The server's default limits, any of which the caller may replace.
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

/// Limits that cannot be configured.
enum FixedLimits {
    /// The hexadecimal digits of a chunk's size, including leading zeros: 16 digits hold every 64-bit number.
    static let chunkSizeDigitCountMax = 16
    /// The decimal digits of a TCP port.
    static let portDigitCountMax = 5
}

/// The limits of a form. Larger forms are rejected.
public struct MultipartLimits: Hashable, Sendable {
    /// The number of parts of a form.
    public var partCountMax: Int
    /// The field lines of a part's head with their line breaks, in bytes.
    public var partHeadByteCountMax: UInt32
    /// The white space after a boundary, in bytes.
    public var paddingByteCountMax: Int

    /// The server's default limits, any of which the caller may replace.
    public init(partCountMax: Int = 16, partHeadByteCountMax: UInt32 = 4 << 10, paddingByteCountMax: Int = 16) {
        self.partCountMax = partCountMax
        self.partHeadByteCountMax = partHeadByteCountMax
        self.paddingByteCountMax = paddingByteCountMax
    }
}
