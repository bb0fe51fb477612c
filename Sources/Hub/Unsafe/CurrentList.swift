import Primitives

/// The current subscribers of a topic, which have caught up: a dense array, in no order.
///
/// Grows by a quarter, so that a long list takes at most ten bytes per subscriber, and shrinks to half when three
/// quarters are free. A plain value that names its storage: its topic is the only owner and deallocates it.
@safe
struct CurrentList: BitwiseCopyable {
    private var start: UnsafeMutablePointer<ConnectionID>?
    private(set) var count32: UInt32 = 0
    private(set) var capacity: UInt32 = 0

    init() {
        unsafe start = nil
    }

    var count: Int { Int(count32) }

    subscript(index: Int) -> ConnectionID {
        get {
            precondition(index >= 0 && index < count, "no subscriber there")
            // SAFETY: in bounds, and all below `count` is initialised.
            return unsafe start.unsafelyUnwrapped[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "no subscriber there")
            // SAFETY: as above.
            unsafe start.unsafelyUnwrapped[index] = newValue
        }
    }

    /// `count` subscribers, starting at `first`.
    @_lifetime(borrow self)
    func span(from first: Int, count spanCount: Int) -> Span<ConnectionID> {
        precondition(first >= 0 && spanCount >= 0 && first <= count - spanCount, "no subscribers there")
        // SAFETY: in bounds; the topic owns the storage and changes it only in calls that exclude the span's use.
        let span = unsafe Span(_unsafeStart: UnsafePointer(start.unsafelyUnwrapped + first), count: spanCount)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// O(1) amortised.
    mutating func append(_ connection: ConnectionID) {
        if count32 == capacity {
            // Odd capacities: with the allocator's eight bytes the sizes are multiples of sixteen.
            resize(to: capacity == 0 ? 3 : (capacity + capacity / 4 + 3) | 1)
        }
        // SAFETY: `count` is below the capacity.
        unsafe (start.unsafelyUnwrapped + count).initialize(to: connection)
        count32 += 1
    }

    /// O(1) amortised.
    mutating func removeLast() {
        precondition(count32 > 0, "no subscriber is left")
        count32 -= 1
        if count32 == 0 {
            deallocate()
            self = CurrentList()
        } else if capacity > 16, count32 < capacity / 4 {
            resize(to: (capacity / 2) | 1)
        }
    }

    /// Frees the storage; the list must not be used after this.
    func deallocate() {
        // SAFETY: `start` came from `allocate` in `resize`, and connections are trivial.
        unsafe start?.deallocate()
    }

    @inline(never)
    private mutating func resize(to newCapacity: UInt32) {
        precondition(newCapacity > count32, "a list holds its subscribers")
        let newStart = UnsafeMutablePointer<ConnectionID>.allocate(capacity: Int(newCapacity))
        if let old = unsafe start {
            // SAFETY: `count` connections are initialised and fit; the storages do not overlap.
            unsafe newStart.moveInitialize(from: old, count: count)
            unsafe old.deallocate()
        }
        unsafe start = newStart
        capacity = newCapacity
    }
}
