/// What the hub knows of each slot of the descriptor table, in pages that come into being when a slot of theirs is
/// first used: a table for a million connections costs what its connections cost.
@safe
struct SlotTable: ~Copyable {
    static let pageSlotCount = 1024

    private let pages: UnsafeMutablePointer<UnsafeMutablePointer<SubscriberSlot>?>
    private let pageCount: Int
    /// Slots are below it.
    let capacity: Int

    init(capacity: Int) {
        precondition(capacity > 0 && capacity <= Int(UInt32.max), "slots are 32 bits")
        self.capacity = capacity
        pageCount = (capacity + Self.pageSlotCount - 1) / Self.pageSlotCount
        unsafe pages = .allocate(capacity: pageCount)
        // SAFETY: just allocated with this capacity.
        unsafe pages.initialize(repeating: nil, count: pageCount)
    }

    deinit {
        // SAFETY: pages came from `allocate`, and slots are trivial.
        for index in 0..<pageCount { unsafe pages[index]?.deallocate() }
        unsafe pages.deallocate()
    }

    /// The slot's record: an empty one when nothing was ever stored. O(1).
    subscript(slot: UInt32) -> SubscriberSlot {
        get {
            precondition(Int(slot) < capacity, "the slot is beyond the table")
            // SAFETY: the page index is below `pageCount` as the slot is below the capacity, and pages are
            // initialised whole.
            guard let page = unsafe pages[Int(slot) / Self.pageSlotCount] else { return SubscriberSlot() }
            return unsafe page[Int(slot) % Self.pageSlotCount]
        }
        set {
            precondition(Int(slot) < capacity, "the slot is beyond the table")
            // SAFETY: as above.
            let page = unsafe pages[Int(slot) / Self.pageSlotCount] ?? makePage(Int(slot) / Self.pageSlotCount)
            unsafe page[Int(slot) % Self.pageSlotCount] = newValue
        }
    }

    /// Calls `body` for each slot of the pages in use. O(pages in use).
    func visitUsed(_ body: (SubscriberSlot) -> Void) {
        for index in 0..<pageCount {
            // SAFETY: in bounds; pages are initialised whole.
            guard let page = unsafe pages[index] else { continue }
            for offset in 0..<Self.pageSlotCount { unsafe body(page[offset]) }
        }
    }

    @inline(never)
    private func makePage(_ index: Int) -> UnsafeMutablePointer<SubscriberSlot> {
        let page = UnsafeMutablePointer<SubscriberSlot>.allocate(capacity: Self.pageSlotCount)
        // SAFETY: just allocated with this capacity; `index` is in bounds by the caller's check.
        unsafe page.initialize(repeating: SubscriberSlot(), count: Self.pageSlotCount)
        unsafe pages[index] = unsafe page
        return unsafe page
    }
}
