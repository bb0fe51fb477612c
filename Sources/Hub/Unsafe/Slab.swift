/// A table of plain values whose places stay the same from `insert` to `remove` and are reused last in, first out.
///
/// The values move when the table grows, so keep an index and never an address. The storage is released when the table
/// becomes empty, which bounds the memory that remains after a burst.
@safe
struct Slab<Element: BitwiseCopyable>: ~Copyable {
    private var start: UnsafeMutablePointer<Element>?
    private var capacity: UInt32 = 0
    /// Places at and after this one have never been used.
    private var freshIndex: UInt32 = 0
    /// The first of the removed places. Each of them holds the next one's index in its first four bytes.
    private var firstFree: UInt32 = .max
    /// The number of values in the table.
    private(set) var count = 0

    init() {
        precondition(MemoryLayout<Element>.size >= MemoryLayout<UInt32>.size, "a free place holds an index")
        unsafe start = nil
    }

    deinit {
        // SAFETY: `start` came from `allocate` in `grow`, and the values are trivial.
        unsafe start?.deallocate()
    }

    /// The value at `index`, which `insert` returned and `remove` has not freed. O(1).
    subscript(index: SlabIndex<Element>) -> Element {
        @inline(__always)
        unsafeAddress {
            precondition(index.raw < freshIndex, "the index is none of this slab's")
            // SAFETY: `freshIndex` is at most the capacity, and places below it are initialised. The access to `self`
            // excludes `insert` and `remove` while the address is used.
            return unsafe UnsafePointer(start.unsafelyUnwrapped + Int(index.raw))
        }
        @inline(__always)
        unsafeMutableAddress {
            precondition(index.raw < freshIndex, "the index is none of this slab's")
            // SAFETY: as above; the access is exclusive.
            return unsafe start.unsafelyUnwrapped + Int(index.raw)
        }
    }

    /// Stores a value and returns its index. O(1) amortised; allocates only when no place is free.
    mutating func insert(_ element: Element) -> SlabIndex<Element> {
        count += 1
        if firstFree != .max {
            let index = firstFree
            // SAFETY: `index` was removed, so it is in bounds and its first bytes hold the next free index; its value
            // is trivial and may be overwritten.
            unsafe firstFree = UnsafeRawPointer(start.unsafelyUnwrapped + Int(index)).loadUnaligned(as: UInt32.self)
            unsafe (start.unsafelyUnwrapped + Int(index)).initialize(to: element)
            return SlabIndex(raw: index)
        }
        if freshIndex == capacity { grow() }
        let index = freshIndex
        freshIndex += 1
        // SAFETY: `index` is below the capacity.
        unsafe (start.unsafelyUnwrapped + Int(index)).initialize(to: element)
        return SlabIndex(raw: index)
    }

    /// Frees the place. O(1).
    mutating func remove(_ index: SlabIndex<Element>) {
        precondition(index.raw < freshIndex && count > 0, "the index is none of this slab's")
        count -= 1
        if count == 0 { return reset() }
        // SAFETY: in bounds, and at least four bytes, which `init` checked; the removed value is trivial.
        unsafe UnsafeMutableRawPointer(start.unsafelyUnwrapped + Int(index.raw))
            .storeBytes(of: firstFree, as: UInt32.self)
        firstFree = index.raw
    }

    private mutating func reset() {
        freshIndex = 0
        firstFree = .max
        guard capacity > 64 else { return }
        // SAFETY: no value is left, and `start` came from `allocate`.
        unsafe start?.deallocate()
        unsafe start = nil
        capacity = 0
    }

    @inline(never)
    private mutating func grow() {
        let newCapacity = max(16, capacity + capacity / 2)
        precondition(newCapacity > capacity && newCapacity < .max, "a slab's indices are 32 bits")
        let newStart = UnsafeMutablePointer<Element>.allocate(capacity: Int(newCapacity))
        if let old = unsafe start {
            // SAFETY: `freshIndex` values are initialised, and the new storage is larger and does not overlap.
            unsafe newStart.moveInitialize(from: old, count: Int(freshIndex))
            unsafe old.deallocate()
        }
        unsafe start = newStart
        capacity = newCapacity
    }
}

/// A place in a `Slab`, typed by the slab's elements; `null` is no place.
struct SlabIndex<Element>: Hashable, BitwiseCopyable {
    let raw: UInt32

    init(raw: UInt32) {
        self.raw = raw
    }

    /// No place: the end of a list, or no value.
    static var null: Self { Self(raw: .max) }

    var isNull: Bool { raw == .max }
}
