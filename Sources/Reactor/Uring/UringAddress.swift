/// Where other rings reach a `UringDriver`.
public struct UringAddress: Sendable {
    /// The ordinary descriptor of the ring.
    let ringDescriptor: Int32
    /// The event descriptor of its waker, which stays open as long as the process.
    let wakeDescriptor: Int32
}
