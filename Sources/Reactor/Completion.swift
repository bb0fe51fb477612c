/// What became of an operation.
public struct Completion: Sendable {
    /// Names the operation and the connection.
    public var tag: CompletionTag
    /// A byte count, a slot or 0; negative: an `errno`.
    public var result: Int32
    /// The kernel's flags: see `hasMore`, `bufferIndex`.
    public var flags: UInt32

    /// Joins the parts.
    @inlinable
    public init(tag: CompletionTag, result: Int32, flags: UInt32 = 0) {
        self.tag = tag
        self.result = result
        self.flags = flags
    }

    /// The flag for `hasMore` (`IORING_CQE_F_MORE`).
    @usableFromInline static let moreFlag: UInt32 = 1 << 1
    /// The flag that says a buffer was taken (`IORING_CQE_F_BUFFER`); its index stands in the upper half.
    @usableFromInline static let bufferFlag: UInt32 = 1 << 0

    /// Whether the operation goes on and will complete again.
    @inlinable
    public var hasMore: Bool { flags & Self.moreFlag != 0 }

    /// The receive buffer that the completion owns, if any: it must be given back once.
    @inlinable
    public var bufferIndex: UInt16? {
        flags & Self.bufferFlag != 0 ? UInt16(truncatingIfNeeded: flags >> 16) : nil
    }
}
