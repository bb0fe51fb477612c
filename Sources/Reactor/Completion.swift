/// The result of an operation.
public struct Completion: Sendable {
    /// The operation and its connection.
    public var tag: CompletionTag
    /// A byte count, a slot or 0; a negated `errno` when the operation failed.
    public var result: Int32
    /// The kernel's flags: see `hasMore`, `bufferIndex`.
    public var flags: UInt32

    /// The completion of the operation that `tag` names.
    @inlinable
    public init(tag: CompletionTag, result: Int32, flags: UInt32 = 0) {
        self.tag = tag
        self.result = result
        self.flags = flags
    }

    /// The flag for `hasMore` (`IORING_CQE_F_MORE`).
    @usableFromInline static let moreFlag: UInt32 = 1 << 1
    /// The flag for `bufferIndex` (`IORING_CQE_F_BUFFER`): the completion has a buffer, whose index is in the upper
    /// half.
    @usableFromInline static let bufferFlag: UInt32 = 1 << 0

    /// Whether the operation continues and will complete again.
    @inlinable
    public var hasMore: Bool { flags & Self.moreFlag != 0 }

    /// The receive buffer that the completion owns, if any; the reactor must recycle it once.
    @inlinable
    public var bufferIndex: UInt16? {
        flags & Self.bufferFlag != 0 ? UInt16(truncatingIfNeeded: flags >> 16) : nil
    }
}
