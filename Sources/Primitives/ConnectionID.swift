/// Names a connection on one reactor: the slot of its direct descriptor and the generation of that slot.
///
/// A slot is reused after its connection has ended, under another generation. An identifier that outlived its
/// connection is therefore recognised as stale and never reaches the connection that now holds the slot.
public struct ConnectionID: Hashable, Sendable {
    /// The index in the ring's table of direct descriptors, from 0.
    public let slot: UInt32
    /// Counts the connections that the slot has held, modulo 2^24.
    public let generation: UInt32

    /// Generations are below this bound, because they share a 64-bit completion tag with the slot and the operation.
    public static let generationBound: UInt32 = 1 << 24

    /// Names the connection `generation` of `slot`; `generation` must be below `generationBound`.
    @inlinable
    public init(slot: UInt32, generation: UInt32) {
        assert(generation < Self.generationBound)
        self.slot = slot
        self.generation = generation
    }

    /// The hash for a table with this seed; O(1). No client chooses the numbers of its connection, so it is enough that
    /// all bits affect the low ones.
    @inlinable
    public func _rawHashValue(seed: Int) -> Int {
        let bits = UInt64(slot) << 32 | UInt64(generation)
        let mixed = (bits ^ UInt64(bitPattern: Int64(seed))) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed ^ (mixed >> 32))
    }
}
