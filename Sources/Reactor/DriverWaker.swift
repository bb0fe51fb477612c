/// Ends a driver's wait, from any thread.
public protocol DriverWaker: Sendable {
    /// Makes the driver's current or next wait return. Never blocks.
    func wake()
}
