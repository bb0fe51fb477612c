import Primitives

/// Values by connection: flat memory indexed by slot, in pages that are not there until they are written.
///
/// A value is found only under the generation that it was stored with. O(1), no allocation. Belongs to one thread.
@safe final class SlotTable<Value> {
    private let values: UnsafeMutablePointer<Value>
    /// The generation of the slot's value plus one; 0: there is none.
    private let generations: UnsafeMutablePointer<UInt32>
    private let capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        unsafe values = .allocate(capacity: capacity)
        unsafe generations = .allocate(capacity: capacity)
        unsafe generations.initialize(repeating: 0, count: capacity)
    }

    deinit {
        for slot in 0..<capacity where unsafe generations[slot] != 0 { unsafe (values + slot).deinitialize(count: 1) }
        unsafe values.deallocate()
        unsafe generations.deallocate()
    }

    private func holds(_ connection: ConnectionID) -> Bool {
        precondition(Int(connection.slot) < capacity, "a slot outside the table")
        return unsafe generations[Int(connection.slot)] == connection.generation + 1
    }

    /// Whether there is a value.
    func contains(_ connection: ConnectionID) -> Bool { holds(connection) }

    /// Calls `body` with the value in place; nil when there is none.
    func withValue<Result>(_ connection: ConnectionID, _ body: (inout Value) -> Result) -> Result? {
        guard holds(connection) else { return nil }
        // SAFETY: the generation says that the slot is initialised; the pointer stays within the table.
        return unsafe body(&values[Int(connection.slot)])
    }

    /// Stores a value for a connection that has none.
    func insert(_ value: Value, for connection: ConnectionID) {
        precondition(Int(connection.slot) < capacity, "a slot outside the table")
        precondition(unsafe generations[Int(connection.slot)] == 0, "the slot has a value")
        unsafe (values + Int(connection.slot)).initialize(to: value)
        unsafe generations[Int(connection.slot)] = connection.generation + 1
        count += 1
    }

    /// Takes the value out.
    @discardableResult
    func remove(_ connection: ConnectionID) -> Value? {
        guard holds(connection) else { return nil }
        unsafe generations[Int(connection.slot)] = 0
        count -= 1
        return unsafe (values + Int(connection.slot)).move()
    }

    /// The connections that have values; O(capacity).
    var connections: [ConnectionID] {
        (0..<capacity).compactMap { slot in
            let generation = unsafe generations[slot]
            return generation == 0 ? nil : ConnectionID(slot: UInt32(slot), generation: generation - 1)
        }
    }
}
