import Primitives

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
