import Primitives

/// What the reactor knows of each direct descriptor: eight bytes a slot.
@safe struct DescriptorTable {
    enum State: UInt8 {
        /// The slot is the kernel's to give.
        case free
        /// A connection to elsewhere is being established.
        case connecting
        /// A connection lives in it.
        case open
        /// It is being closed: the last completion is awaited, then the descriptor is closed.
        case closing
        /// The close itself is under way.
        case closed
        /// It is being passed to another reactor.
        case passing
    }

    struct Entry {
        var generation: UInt32 = 0
        /// Operations whose final completion is outstanding.
        var operationCount: UInt16 = 0
        var state: State = .free
        var flags: Flags = []

        var isReceiving: Bool {
            get { flags.contains(.receiving) }
            set { if newValue { flags.insert(.receiving) } else { flags.remove(.receiving) } }
        }
        var isMultishot: Bool {
            get { flags.contains(.multishot) }
            set { if newValue { flags.insert(.multishot) } else { flags.remove(.multishot) } }
        }
        var isAnnounced: Bool {
            get { flags.contains(.announced) }
            set { if newValue { flags.insert(.announced) } else { flags.remove(.announced) } }
        }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8

        /// A receive is under way.
        static let receiving = Flags(rawValue: 1 << 0)
        /// The receive, under way or last, is a multishot one.
        static let multishot = Flags(rawValue: 1 << 1)
        /// The handler knows the connection, and so must hear of its end.
        static let announced = Flags(rawValue: 1 << 2)
    }

    private let entries: UnsafeMutablePointer<Entry>
    let count: Int
    /// Slots that are not free.
    private(set) var usedCount = 0
    /// Slots below this are the reactor's to give, for connections that it opens; the others are the kernel's.
    let outgoingCount: Int
    /// The free ones of those.
    private var freeOutgoing: [UInt32]

    init(count: Int, outgoingCount: Int) {
        assert(MemoryLayout<Entry>.stride == 8)
        precondition(outgoingCount <= count, "there are more outgoing connections than descriptors")
        self.count = count
        self.outgoingCount = outgoingCount
        freeOutgoing = (0..<UInt32(outgoingCount)).reversed()
        unsafe entries = .allocate(capacity: count)
        unsafe entries.initialize(repeating: Entry(), count: count)
    }

    func deallocate() { unsafe entries.deallocate() }

    /// Slots of the kernel's part that are not free.
    var usedIncomingCount: Int { usedCount - (outgoingCount - freeOutgoing.count) }

    /// The entry of a live connection, nil when the name is stale. O(1).
    @inline(__always)
    func live(_ connection: ConnectionID) -> UnsafeMutablePointer<Entry>? {
        guard Int(connection.slot) < count else { return nil }
        // SAFETY: the slot is in bounds, and the table lives as long as the reactor.
        let entry = unsafe entries + Int(connection.slot)
        guard unsafe entry.pointee.generation == connection.generation, unsafe entry.pointee.state != .free else {
            return nil
        }
        return unsafe entry
    }

    /// The connection of a slot whose close is under way, if that is so.
    func closedConnection(slot: UInt32) -> ConnectionID? {
        guard Int(slot) < count else { return nil }
        // SAFETY: the slot is in bounds.
        let entry = unsafe entries[Int(slot)]
        return entry.state == .closed ? ConnectionID(slot: slot, generation: entry.generation) : nil
    }

    /// Takes the slot that the kernel chose for a new connection.
    mutating func open(slot: UInt32) -> ConnectionID {
        precondition(
            Int(slot) < count && Int(slot) >= outgoingCount, "the kernel chose a slot outside its part of the table")
        let entry = unsafe entries + Int(slot)
        precondition(unsafe entry.pointee.state == .free, "the kernel chose a slot in use")
        unsafe entry.pointee.state = .open
        usedCount += 1
        return unsafe ConnectionID(slot: slot, generation: entry.pointee.generation)
    }

    /// Takes a slot for a connection to be opened; nil when none of those slots is free.
    mutating func connect() -> ConnectionID? {
        guard let slot = freeOutgoing.popLast() else { return nil }
        let entry = unsafe entries + Int(slot)
        unsafe entry.pointee.state = .connecting
        usedCount += 1
        return unsafe ConnectionID(slot: slot, generation: entry.pointee.generation)
    }

    /// Frees the slot; its next connection has another generation.
    mutating func release(slot: UInt32) {
        let entry = unsafe entries + Int(slot)
        unsafe entry.pointee = unsafe Entry(
            generation: (entry.pointee.generation + 1) % ConnectionID.generationBound)
        usedCount -= 1
        if Int(slot) < outgoingCount { freeOutgoing.append(slot) }
    }

    /// The connections that are open or closing; O(count). For shutting down and for tests.
    var connections: [ConnectionID] {
        (0..<count).compactMap { slot in
            let entry = unsafe entries[slot]
            return entry.state == .free
                ? nil : ConnectionID(slot: UInt32(slot), generation: entry.generation)
        }
    }
}
