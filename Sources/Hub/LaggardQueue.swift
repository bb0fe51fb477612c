/// A first-in-first-out list of laggards, linked through `turnNext` and `turnPrevious`.
struct LaggardQueue: BitwiseCopyable {
    private(set) var first = SlabIndex<Laggard>.null
    private var last = SlabIndex<Laggard>.null

    var isEmpty: Bool { first.isNull }

    /// O(1).
    mutating func append(_ laggard: SlabIndex<Laggard>, in laggards: inout Slab<Laggard>) {
        laggards[laggard].turnNext = .null
        laggards[laggard].turnPrevious = last
        if last.isNull { first = laggard } else { laggards[last].turnNext = laggard }
        last = laggard
    }

    /// O(1).
    mutating func remove(_ laggard: SlabIndex<Laggard>, in laggards: inout Slab<Laggard>) {
        let next = laggards[laggard].turnNext
        let previous = laggards[laggard].turnPrevious
        if previous.isNull { first = next } else { laggards[previous].turnNext = next }
        if next.isNull { last = previous } else { laggards[next].turnPrevious = previous }
    }
}
