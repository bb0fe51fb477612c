import Primitives

/// The reactor's state of each direct descriptor: eight bytes per slot.
///
/// All state is reached through `let` pointers, so that the reactor accesses an entry without reference counting and
/// without a check of exclusive access. The owner calls `deallocate` once, after the last use.
@safe struct DescriptorTable {
    // SAFETY: the pointers are valid until `deallocate`. Slots are checked against `count` before they are used as an
    // index. The stack of free slots never holds more than `outgoingCount`, because each of these slots is on it or in
    // use.

    private struct Counts {
        var used = 0
        var freeOutgoing: Int
    }

    private let entries: UnsafeMutablePointer<Entry>
    /// A stack of the free slots below `outgoingCount`.
    private let freeOutgoing: UnsafeMutablePointer<UInt32>
    private let counts: UnsafeMutablePointer<Counts>
    let count: Int
    /// The reactor assigns the slots below this to the connections that it opens; the kernel assigns the others.
    let outgoingCount: Int

    init(count: Int, outgoingCount: Int) {
        assert(MemoryLayout<Entry>.stride == 8)
        precondition(outgoingCount <= count, "there are more outgoing connections than descriptors")
        self.count = count
        self.outgoingCount = outgoingCount
        unsafe entries = .allocate(capacity: count)
        unsafe entries.initialize(repeating: Entry(), count: count)
        unsafe freeOutgoing = .allocate(capacity: outgoingCount)
        for index in 0..<outgoingCount {
            unsafe (freeOutgoing + index).initialize(to: UInt32(outgoingCount - 1 - index))
        }
        unsafe counts = .allocate(capacity: 1)
        unsafe counts.initialize(to: Counts(freeOutgoing: outgoingCount))
    }

    func deallocate() {
        unsafe entries.deallocate()
        unsafe freeOutgoing.deallocate()
        unsafe counts.deallocate()
    }

    // MARK: - Entries

    /// Whether the identifier is that of a connection: not stale. O(1).
    @inline(__always)
    func isLive(_ connection: ConnectionID) -> Bool {
        guard Int(connection.slot) < count else { return false }
        let entry = unsafe entries[Int(connection.slot)]
        return entry.generation == connection.generation && entry.state != .free
    }

    /// The state of the connection; `free` when the identifier is stale. O(1).
    @inline(__always)
    func state(_ connection: ConnectionID) -> State {
        isLive(connection) ? unsafe entries[Int(connection.slot)].state : .free
    }

    /// The entry of a live connection; a stale identifier is the reactor's own bug. O(1), in place.
    @inline(__always)
    subscript(connection: ConnectionID) -> Entry {
        get {
            precondition(isLive(connection), "a stale name reached the table")
            return unsafe entries[Int(connection.slot)]
        }
        nonmutating _modify {
            precondition(isLive(connection), "a stale name reached the table")
            yield unsafe &entries[Int(connection.slot)]
        }
    }

    /// The connection of a slot whose close is in flight; nil when there is none.
    func closedConnection(slot: UInt32) -> ConnectionID? {
        guard Int(slot) < count else { return nil }
        let entry = unsafe entries[Int(slot)]
        return entry.state == .closed ? ConnectionID(slot: slot, generation: entry.generation) : nil
    }

    // MARK: - Slots

    /// The number of slots that are not free.
    var usedCount: Int { unsafe counts.pointee.used }

    /// The number of slots of the kernel's part that are not free.
    var usedIncomingCount: Int { unsafe usedCount - (outgoingCount - counts.pointee.freeOutgoing) }

    /// Takes the slot that the kernel chose for a new connection.
    func open(slot: UInt32) -> ConnectionID {
        precondition(
            Int(slot) < count && Int(slot) >= outgoingCount, "the kernel chose a slot outside its part of the table")
        return take(slot: slot, state: .open)
    }

    /// Takes a slot for an outgoing connection; nil when none of those slots is free.
    func connect() -> ConnectionID? {
        guard unsafe counts.pointee.freeOutgoing > 0 else { return nil }
        unsafe counts.pointee.freeOutgoing -= 1
        return unsafe take(slot: freeOutgoing[counts.pointee.freeOutgoing], state: .connecting)
    }

    private func take(slot: UInt32, state: State) -> ConnectionID {
        let entry = unsafe entries + Int(slot)
        precondition(unsafe entry.pointee.state == .free, "a slot was given that is in use")
        unsafe entry.pointee.state = state
        unsafe counts.pointee.used += 1
        return unsafe ConnectionID(slot: slot, generation: entry.pointee.generation)
    }

    /// Frees the slot of a live connection; its next connection has another generation.
    func release(_ connection: ConnectionID) {
        self[connection] = Entry(generation: (connection.generation + 1) % ConnectionID.generationBound)
        unsafe counts.pointee.used -= 1
        if Int(connection.slot) < outgoingCount {
            unsafe freeOutgoing[counts.pointee.freeOutgoing] = connection.slot
            unsafe counts.pointee.freeOutgoing += 1
        }
    }

    /// The connections of all slots that are not free; O(count). For shutting down and for tests.
    var connections: [ConnectionID] {
        (0..<count).compactMap { slot in
            let entry = unsafe entries[slot]
            return entry.state == .free
                ? nil : ConnectionID(slot: UInt32(slot), generation: entry.generation)
        }
    }
}
