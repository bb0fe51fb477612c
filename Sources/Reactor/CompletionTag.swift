import Primitives

/// The 64 bits that identify an operation in its completions: 8 bits of operation, 24 of generation, 32 of slot.
public struct CompletionTag: Hashable, Sendable {
    /// The bits as the kernel carries them.
    public let bits: UInt64

    /// Reads bits that the kernel returned.
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

    /// An accept on a listener.
    init(acceptOf listener: ListenerKind) {
        bits = UInt64(Operation.accept.rawValue) << 56 | UInt64(listener.rawValue)
    }

    /// The listener, for `accept` only.
    var acceptingListener: ListenerKind {
        guard let kind = ListenerKind(rawValue: UInt8(truncatingIfNeeded: bits)) else {
            preconditionFailure("an accept of no listener ended")
        }
        return kind
    }

    /// A wake of the driver that `target` denotes, as its sender sees it.
    init(wakeOf target: UInt32) {
        bits = UInt64(Operation.wake.rawValue) << 56 | UInt64(target)
    }

    /// The driver that was to be woken; only for a `wake` that failed.
    var wakeTarget: UInt32 { UInt32(truncatingIfNeeded: bits) }

    /// The greatest number that fits into a tag beside the operation.
    static let numberMax: UInt64 = 1 << 56 - 1

    /// A descriptor that was transferred here, with the number of the transfer in `TransferInbox`.
    init(transferReceived number: UInt64) {
        precondition(number <= Self.numberMax, "a number that does not fit a tag")
        bits = UInt64(Operation.transferReceived.rawValue) << 56 | number
    }

    /// A poll of an ordinary descriptor; the caller chose the number.
    init(descriptorPoll number: UInt64) {
        precondition(number <= Self.numberMax, "a number that does not fit a tag")
        bits = UInt64(Operation.descriptorPoll.rawValue) << 56 | number
    }

    /// The operation; nil for bits that none of our drivers wrote.
    @inlinable
    public var operation: Operation? { Operation(rawValue: UInt8(bits >> 56)) }

    /// The connection of the operation.
    @inlinable
    public var connection: ConnectionID {
        ConnectionID(
            slot: UInt32(truncatingIfNeeded: bits),
            generation: UInt32(truncatingIfNeeded: bits >> 32) & 0xff_ffff)
    }

    /// The number of the transfer, for `transferReceived` only.
    var transferNumber: UInt64 { bits & Self.numberMax }

    /// The caller's number, for `descriptorPoll` only.
    var descriptorPollNumber: UInt64 { bits & Self.numberMax }
}
