/// Recorded completions that wait to be handled: first in, first out. The storage grows to the greatest length so far.
@safe struct CompletionQueue {
    private var storage: UnsafeMutableBufferPointer<Completion>
    private var head = 0
    private var tail = 0

    /// The maximum number of completions taken from the driver in one step.
    static let stepCount = 1_024

    init() {
        unsafe storage = .allocate(capacity: 4 * Self.stepCount)
    }

    func deallocate() { unsafe storage.deallocate() }

    var isEmpty: Bool { head == tail }
    var count: Int { tail - head }

    /// Room for the completions of one step, after the last completion.
    mutating func room() -> UnsafeMutableBufferPointer<Completion> {
        if head == tail {
            head = 0
            tail = 0
        }
        if unsafe tail + Self.stepCount > storage.count {
            let count = tail - head
            let isCrowded = unsafe count + Self.stepCount > storage.count / 2
            let target =
                unsafe isCrowded
                ? UnsafeMutableBufferPointer<Completion>.allocate(capacity: storage.count * 2) : storage
            // SAFETY: both ranges are in bounds; `copyMemory` allows overlap.
            unsafe UnsafeMutableRawPointer(target.baseAddress.unsafelyUnwrapped).copyMemory(
                from: storage.baseAddress.unsafelyUnwrapped + head,
                byteCount: count * MemoryLayout<Completion>.stride)
            if isCrowded { unsafe storage.deallocate() }
            unsafe storage = unsafe target
            head = 0
            tail = count
        }
        return unsafe UnsafeMutableBufferPointer(rebasing: storage[tail..<tail + Self.stepCount])
    }

    /// Adds the first `count` completions that were written into the room.
    mutating func append(count: Int) { tail += count }

    mutating func popFirst() -> Completion? {
        guard head < tail else { return nil }
        defer { head += 1 }
        return unsafe storage[head]
    }
}
