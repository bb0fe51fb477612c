import Primitives

/// Identifies a timer until it has fired or was cancelled; a stale identifier is recognised.
public struct TimerID: Hashable, Sendable {
    let index: UInt32
    let generation: UInt32
}

/// A hierarchical timing wheel (Varghese and Lauck, scheme 7): eight levels of 64 slots.
///
/// A timer is on the level of the highest 6-bit digit in which its deadline differs from the current tick, and moves
/// down as the wheel turns. Scheduling and cancelling are O(1), firing is O(1) amortised (at most eight moves), and the
/// next deadline is O(8). A timer takes 32 bytes, and nothing is allocated once the table has grown. Timers never fire
/// early, and at most one tick late. Belongs to one thread.
public struct TimingWheel {
    /// A tick is 2^22 ns, 4.2 ms: fine enough for timeouts, coarse enough to share wake-ups.
    static let tickShift: UInt64 = 22
    private static let levelCount = 8
    private static let none = UInt32.max

    private struct Node {
        var next: UInt32
        var previous: UInt32
        var deadlineTick: UInt64
        var token: UInt64
        var generation: UInt32
        /// `level * 64 + slot`, or `unlisted`.
        var list: UInt16
    }

    private static let unlisted = UInt16.max

    private var nodes: [Node] = []
    private var freeHead = none
    private var heads = [UInt32](repeating: none, count: levelCount * 64)
    private var occupied = [UInt64](repeating: 0, count: levelCount)
    private var currentTick: UInt64
    /// The number of scheduled timers.
    public private(set) var count = 0

    /// An empty wheel whose current tick is that of `now`.
    public init(now: MonotonicInstant) {
        currentTick = now.nanoseconds >> Self.tickShift
    }

    /// Fires `token` once at or after `deadline`; a deadline in the past fires at the next tick. O(1).
    public mutating func schedule(at deadline: MonotonicInstant, token: UInt64) -> TimerID {
        let roundedUp = (deadline.nanoseconds >> Self.tickShift) + 1
        let index: UInt32
        if freeHead != Self.none {
            index = freeHead
            freeHead = nodes[Int(index)].next
        } else {
            index = UInt32(nodes.count)
            growIfFull()
            nodes.append(
                Node(
                    next: Self.none, previous: Self.none, deadlineTick: 0, token: 0, generation: 0,
                    list: Self.unlisted))
        }
        nodes[Int(index)].deadlineTick = max(roundedUp, currentTick + 1)
        nodes[Int(index)].token = token
        insert(index)
        count += 1
        return TimerID(index: index, generation: nodes[Int(index)].generation)
    }

    /// Cancels the timer; false when it has fired or was cancelled before. O(1).
    @discardableResult
    public mutating func cancel(_ timer: TimerID) -> Bool {
        guard timer.index < nodes.count, nodes[Int(timer.index)].generation == timer.generation,
            nodes[Int(timer.index)].list != Self.unlisted
        else { return false }
        remove(timer.index)
        release(timer.index)
        return true
    }

    /// When `advance` next has something to do: the earliest deadline, or earlier when timers must move down a level.
    public var nextDeadline: MonotonicInstant? {
        // The tick of a deadline at the end of the clock's range would overflow.
        nextExpiration.map {
            MonotonicInstant(nanoseconds: $0.tick > UInt64.max >> Self.tickShift ? .max : $0.tick << Self.tickShift)
        }
    }

    /// Turns the wheel to `now` and calls `fire` with the token of each timer that is due, in the order of their ticks,
    /// at most `budget` times. The others stay due. `fire` must not use the wheel: collect the tokens, then act.
    public mutating func advance(to now: MonotonicInstant, budget: Int, fire: (UInt64) -> Void) {
        let target = now.nanoseconds >> Self.tickShift
        var remaining = budget
        while let (level, slot, tick) = nextExpiration, tick <= target {
            currentTick = tick
            let list = level * 64 + slot
            if level == 0 {
                while heads[list] != Self.none {
                    // The slot stays occupied, and the next call finds it first.
                    if remaining == 0 { return }
                    remaining -= 1
                    let index = heads[list]
                    remove(index)
                    let token = nodes[Int(index)].token
                    release(index)
                    fire(token)
                }
            } else {
                while heads[list] != Self.none {
                    let index = heads[list]
                    remove(index)
                    insert(index)
                }
            }
        }
        if target > currentTick, nextExpiration.map({ $0.tick > target }) ?? true { currentTick = target }
    }

    private var nextExpiration: (level: Int, slot: Int, tick: UInt64)? {
        // On each level all occupied slots are after the current digit, and all timers of a lower level are due
        // earlier.
        for level in 0..<Self.levelCount where occupied[level] != 0 {
            let slot = occupied[level].trailingZeroBitCount
            let shift = UInt64(level * 6)
            let upper = shift + 6 >= 64 ? 0 : (currentTick >> (shift + 6)) << (shift + 6)
            return (level, slot, max(upper | (UInt64(slot) << shift), currentTick))
        }
        return nil
    }

    /// Lists the node by its deadline. A deadline at the current tick, which occurs only on a move down a level, is due
    /// at once.
    private mutating func insert(_ index: UInt32) {
        let deadline = nodes[Int(index)].deadlineTick
        let difference = deadline ^ currentTick
        let level = difference == 0 ? 0 : min((63 - difference.leadingZeroBitCount) / 6, Self.levelCount - 1)
        let slot = Int(deadline >> UInt64(level * 6)) & 63
        let list = level * 64 + slot
        let head = heads[list]
        nodes[Int(index)].next = head
        nodes[Int(index)].previous = Self.none
        nodes[Int(index)].list = UInt16(list)
        if head != Self.none { nodes[Int(head)].previous = index }
        heads[list] = index
        occupied[level] |= 1 << UInt64(slot)
    }

    private mutating func remove(_ index: UInt32) {
        let node = nodes[Int(index)]
        let list = Int(node.list)
        if node.previous == Self.none { heads[list] = node.next } else { nodes[Int(node.previous)].next = node.next }
        if node.next != Self.none { nodes[Int(node.next)].previous = node.previous }
        nodes[Int(index)].list = Self.unlisted
        if heads[list] == Self.none { occupied[list / 64] &= ~(1 << UInt64(list % 64)) }
    }

    /// Makes room for one more node. Grows by a quarter, not to the double: each idle connection has a timer, and of
    /// their memory a fifth is unused at most.
    private mutating func growIfFull() {
        if nodes.count == nodes.capacity { nodes.reserveCapacity(nodes.count + nodes.count / 4 + 64) }
    }

    private mutating func release(_ index: UInt32) {
        nodes[Int(index)].generation &+= 1
        nodes[Int(index)].next = freeHead
        freeHead = index
        count -= 1
    }
}
