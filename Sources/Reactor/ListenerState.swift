import Primitives

/// Where the reactor's listener stands.
struct ListenerState {
    enum Mode {
        /// Each accept takes one connection.
        case single
        /// One accept takes all that come.
        case multishot
        /// The multishot accept was cancelled and may bring connections until its end: becomes single or multishot.
        case ending
    }

    /// The ordinary descriptor that is listened on, or -1.
    var descriptor: Int32 = -1
    /// Accepts under way; one at most unless `mode` is `single`.
    var acceptCount = 0
    /// How the accepts under way were armed.
    var mode = Mode.single
    /// Connections are wanted.
    var isWanted = false
    /// An accept failed; it is tried again at this time.
    var retryAt: MonotonicInstant?
}
