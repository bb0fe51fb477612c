import Glibc
import Synchronization

/// Ends a driver's wait, from any thread.
public protocol DriverWaker: Sendable {
    /// Makes the driver's current or next wait return. Never blocks.
    func wake()
}

/// Wakes a driver that waits for an event descriptor too, as `UringDriver` and `EpollDriver` do. Any thread.
public struct EventWaker: DriverWaker {
    let descriptor: Int32

    /// Adds one to the event descriptor's counter.
    public func wake() {
        var one: UInt64 = 1
        // SAFETY: eight bytes of a local are read before the call returns.
        _ = unsafe write(descriptor, &one, 8)
    }
}

/// Wakes a `VirtualDriver`: its current or next wait returns. Any thread.
public final class VirtualWaker: DriverWaker {
    private let isRaised = Atomic<Bool>(false)

    /// See `DriverWaker`.
    public func wake() { isRaised.store(true, ordering: .sequentiallyConsistent) }

    /// Whether `wake` was called since the last call of `take`.
    func take() -> Bool { isRaised.exchange(false, ordering: .sequentiallyConsistent) }

    var isWaiting: Bool { isRaised.load(ordering: .sequentiallyConsistent) }
}
