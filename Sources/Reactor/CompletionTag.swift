import Primitives

/// What an operation was, as its completion tells.
public enum Operation: UInt8, Sendable {
    /// Accept of a listener, multishot; the result is the new slot.
    case accept = 1
    /// A receive into a provided buffer.
    case receive
    /// A send that waits for room; always reports.
    case send
    /// A send attempted at once; silent when it succeeded whole.
    case attemptQuiet
    /// A send attempted at once; always reports.
    case attempt
    /// A wait for room to write.
    case poll
    /// A shutdown of one or both directions.
    case shutdown
    /// A cancellation.
    case cancel
    /// The close of a direct descriptor.
    case close
    /// A descriptor passed to another ring, as the sender hears of it.
    case pass
    /// A descriptor that another ring passed here; the tag carries an address, see `CompletionTag.init(parcel:)`.
    case arrival
    /// Another ring woke this one.
    case wake
    /// The event descriptor that other threads write to became readable.
    case wakeRead
    /// The peer's address.
    case peerAddress
    /// An ordinary descriptor made for a direct one.
    case install
    /// A connection to elsewhere, from its socket's making to its establishment.
    case connect
    /// The cancellation of a `connect`.
    case connectCancel
}

/// The 64 bits that travel with an operation: 8 bits of operation, 24 of generation, 32 of slot.
public struct CompletionTag: Hashable, Sendable {
    /// The bits as the kernel carries them.
    public let bits: UInt64

    /// Reads bits that the kernel gave back.
    @inlinable
    public init(bits: UInt64) { self.bits = bits }

    /// An operation on a connection.
    @inlinable
    public init(_ operation: Operation, _ connection: ConnectionID) {
        bits =
            UInt64(operation.rawValue) << 56 | UInt64(connection.generation) << 32 | UInt64(connection.slot)
    }

    /// An operation that belongs to no connection.
    @inlinable
    public init(_ operation: Operation) {
        bits = UInt64(operation.rawValue) << 56
    }

    /// The arrival of a descriptor with a parcel at `address`; user addresses of Linux have 47 or 56 bits.
    @inlinable
    public init(parcel address: UInt) {
        precondition(address >> 56 == 0, "an address that does not fit a tag")
        bits = UInt64(Operation.arrival.rawValue) << 56 | UInt64(address)
    }

    /// The operation; nil for bits that no driver of ours wrote.
    @inlinable
    public var operation: Operation? { Operation(rawValue: UInt8(bits >> 56)) }

    /// The connection that the operation was for.
    @inlinable
    public var connection: ConnectionID {
        ConnectionID(
            slot: UInt32(truncatingIfNeeded: bits),
            generation: UInt32(truncatingIfNeeded: bits >> 32) & 0xff_ffff)
    }

    /// The parcel's address, for `arrival` only.
    @inlinable
    public var parcelAddress: UInt { UInt(bits & 0x00ff_ffff_ffff_ffff) }
}

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
