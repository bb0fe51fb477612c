/// Values by connection, indexed by slot. Pages are allocated when one of their slots is first used, so a table for a
/// million connections costs only what its connections use.
///
/// A lookup finds a value only under the generation that the value was stored with. One owner holds the table. Its
/// methods change the values in place and not the table's own fields, so the owner needs no exclusive access during a
/// call. Each slot takes the size of the value and four bytes. Operations are O(1), and allocate only a page, unless
/// stated otherwise. Thread: the owner's.
///
/// The type is public because the compiler specialises generic code of another module only when it is public. When it
/// was package code, the hub's lookups took three times as long.
@safe
public struct SlotTable<Value>: ~Copyable {
    /// The cells of each page. A cell is the value, uninitialised while the slot is free, followed by the generation of
    /// the value's connection plus one, or 0 while the slot is free.
    private let pages: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let storedCount: UnsafeMutablePointer<Int>
    /// Every slot is below it.
    private let capacity: Int

    private static var pageSlotCount: Int { 256 }
    private static var generationOffset: Int {
        (MemoryLayout<Value>.size + MemoryLayout<UInt32>.alignment - 1) & ~(MemoryLayout<UInt32>.alignment - 1)
    }
    private static var cellAlignment: Int {
        max(MemoryLayout<Value>.alignment, MemoryLayout<UInt32>.alignment)
    }
    private static var cellByteCount: Int {
        (generationOffset + MemoryLayout<UInt32>.size + cellAlignment - 1) & ~(cellAlignment - 1)
    }
    private var pageCount: Int { (capacity + Self.pageSlotCount - 1) / Self.pageSlotCount }

    /// A table for connections whose slots are below `capacity`. Allocates 8 bytes for each 256 of them.
    public init(capacity: Int) {
        precondition(capacity > 0 && capacity <= Int(UInt32.max), "slots are 32 bits")
        self.capacity = capacity
        let pageCount = (capacity + Self.pageSlotCount - 1) / Self.pageSlotCount
        // SAFETY: both are initialised at once, and freed in `deinit` alone.
        unsafe pages = .allocate(capacity: pageCount)
        unsafe pages.initialize(repeating: nil, count: pageCount)
        unsafe storedCount = .allocate(capacity: 1)
        unsafe storedCount.initialize(to: 0)
    }

    deinit {
        for connection in connections { remove(connection) }
        // SAFETY: pages came from `makePage`, and no cell holds a value any more.
        for index in 0..<pageCount { unsafe pages[index]?.deallocate() }
        unsafe pages.deallocate()
        unsafe storedCount.deallocate()
    }

    /// The number of values.
    public var count: Int { unsafe storedCount.pointee }

    /// The connections that have values, by their slots. O(slots of the pages in use).
    public var connections: [ConnectionID] {
        var connections: [ConnectionID] = []
        connections.reserveCapacity(count)
        for index in 0..<pageCount {
            // SAFETY: in bounds; the generations of a page are initialised whole.
            guard let page = unsafe pages[index] else { continue }
            for offset in 0..<Self.pageSlotCount {
                let generation = unsafe Self.generation(page + offset * Self.cellByteCount)
                guard generation != 0 else { continue }
                let slot = UInt32(index * Self.pageSlotCount + offset)
                connections.append(ConnectionID(slot: slot, generation: generation - 1))
            }
        }
        return connections
    }

    /// Whether no connection has a value in the slot.
    public func isFree(_ slot: UInt32) -> Bool {
        guard let cell = unsafe cell(slot) else { return true }
        return unsafe Self.generation(cell) == 0
    }

    /// Whether the connection has a value.
    public func contains(_ connection: ConnectionID) -> Bool { unsafe find(connection) != nil }

    /// The connection's value; nil when it has none.
    public subscript(connection: ConnectionID) -> Value? {
        guard let cell = unsafe find(connection) else { return nil }
        // SAFETY: `find` returns cells whose value is initialised.
        return unsafe cell.assumingMemoryBound(to: Value.self).pointee
    }

    /// Calls `body` with the value in place; nil when there is none. `body` must not access the same value through the
    /// table.
    public func withValue<Result>(_ connection: ConnectionID, _ body: (inout Value) -> Result) -> Result? {
        guard let cell = unsafe find(connection) else { return nil }
        // SAFETY: as in the subscript; the table belongs to one thread, and `body` has the only reference.
        return unsafe body(&cell.assumingMemoryBound(to: Value.self).pointee)
    }

    /// Stores the value of a connection whose slot is free.
    public func insert(_ value: Value, for connection: ConnectionID) {
        let cell = unsafe cell(connection.slot) ?? makePage(of: connection.slot)
        precondition(unsafe Self.generation(cell) == 0, "the slot has a value")
        unsafe initialize(cell, to: value, of: connection)
    }

    /// Stores a connection's value: replaces its present one, or takes a free slot.
    public func set(_ value: Value, for connection: ConnectionID) {
        let cell = unsafe cell(connection.slot) ?? makePage(of: connection.slot)
        let generation = unsafe Self.generation(cell)
        if generation == 0 { return unsafe initialize(cell, to: value, of: connection) }
        precondition(generation == connection.generation + 1, "the slot has another connection's value")
        // SAFETY: the generation proves that the value is initialised.
        unsafe cell.assumingMemoryBound(to: Value.self).pointee = value
    }

    /// Removes the value, frees the slot and returns the value; nil when there is none.
    @discardableResult
    public func remove(_ connection: ConnectionID) -> Value? {
        guard let cell = unsafe find(connection) else { return nil }
        // SAFETY: the value is initialised until `move()`; generation 0 marks the slot as free after that.
        unsafe cell.storeBytes(of: 0, toByteOffset: Self.generationOffset, as: UInt32.self)
        unsafe storedCount.pointee -= 1
        return unsafe cell.assumingMemoryBound(to: Value.self).move()
    }

    /// The slot's cell; nil when its page does not exist.
    private func cell(_ slot: UInt32) -> UnsafeMutableRawPointer? {
        precondition(Int(slot) < capacity, "a slot outside the table")
        // SAFETY: the page is in bounds as the slot is below the capacity.
        guard let page = unsafe pages[Int(slot) / Self.pageSlotCount] else { return nil }
        return unsafe page + Int(slot) % Self.pageSlotCount * Self.cellByteCount
    }

    /// The connection's cell when it has a value, which is initialised then.
    private func find(_ connection: ConnectionID) -> UnsafeMutableRawPointer? {
        guard let cell = unsafe cell(connection.slot) else { return nil }
        return unsafe Self.generation(cell) == connection.generation + 1 ? cell : nil
    }

    private static func generation(_ cell: UnsafeMutableRawPointer) -> UInt32 {
        // SAFETY: generations are initialised with their page; the offset is aligned.
        unsafe cell.load(fromByteOffset: generationOffset, as: UInt32.self)
    }

    private func initialize(_ cell: UnsafeMutableRawPointer, to value: Value, of connection: ConnectionID) {
        // SAFETY: the slot is free, so its value is uninitialised.
        unsafe cell.initializeMemory(as: Value.self, to: value)
        unsafe cell.storeBytes(of: connection.generation + 1, toByteOffset: Self.generationOffset, as: UInt32.self)
        unsafe storedCount.pointee += 1
    }

    @inline(never)
    private func makePage(of slot: UInt32) -> UnsafeMutableRawPointer {
        let page = UnsafeMutableRawPointer.allocate(
            byteCount: Self.pageSlotCount * Self.cellByteCount, alignment: Self.cellAlignment)
        for offset in 0..<Self.pageSlotCount {
            // SAFETY: inside the allocation, and aligned.
            unsafe (page + offset * Self.cellByteCount)
                .storeBytes(of: 0, toByteOffset: Self.generationOffset, as: UInt32.self)
        }
        unsafe pages[Int(slot) / Self.pageSlotCount] = unsafe page
        return unsafe page + Int(slot) % Self.pageSlotCount * Self.cellByteCount
    }
}
