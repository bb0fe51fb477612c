import Synchronization

/// Wakes a `VirtualDriver`: its current or next wait returns. Any thread.
public final class VirtualWaker: DriverWaker {
    private let isRaised = Atomic<Bool>(false)

    /// See `DriverWaker`.
    public func wake() { isRaised.store(true, ordering: .sequentiallyConsistent) }

    /// Whether `wake` was called since the last time that this was asked.
    func take() -> Bool { isRaised.exchange(false, ordering: .sequentiallyConsistent) }

    var isWaiting: Bool { isRaised.load(ordering: .sequentiallyConsistent) }
}
