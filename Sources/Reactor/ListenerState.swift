import Primitives

/// Where the reactor's listener stands.
struct ListenerState {
    /// The ordinary descriptor that is listened on, or -1.
    var descriptor: Int32 = -1
    /// An accept is under way.
    var isAccepting = false
    /// The accept under way takes all that come, until it is cancelled.
    var isMultishot = false
    /// Connections are wanted.
    var isWanted = false
    /// An accept failed; it is tried again at this time.
    var retryAt: MonotonicInstant?
}
