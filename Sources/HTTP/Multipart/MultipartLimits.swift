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
