import Glibc

/// Wakes a `UringDriver` from any thread.
public struct UringWaker: DriverWaker {
    let descriptor: Int32

    /// Adds one to the event descriptor's counter.
    public func wake() {
        var one: UInt64 = 1
        // SAFETY: eight bytes of a local are read before the call returns.
        _ = unsafe write(descriptor, &one, 8)
    }
}
