import Primitives

/// The listeners that a reactor can have.
public enum ListenerKind: UInt8, Sendable, CaseIterable {
    /// Accepts as many connections as there is room for.
    case main
    /// Has `ReactorLimits.sideConnectionCountMax` descriptors of its own, so that any number of connections of the main
    /// listener does not keep its clients out. Its connections come without their peers' addresses.
    case side
}

/// The state of a reactor's listeners.
struct ListenerStates {
    private var main = ListenerState()
    private var side = ListenerState()
    /// Connections of the side listener that still have their descriptors.
    var sideConnectionCount = 0

    subscript(kind: ListenerKind) -> ListenerState {
        get {
            switch kind {
            case .main: main
            case .side: side
            }
        }
        _modify {
            switch kind {
            case .main: yield &main
            case .side: yield &side
            }
        }
    }

    /// The earliest time at which a failed accept is retried.
    var retryAt: MonotonicInstant? {
        guard let first = main.retryAt, let second = side.retryAt else { return main.retryAt ?? side.retryAt }
        return min(first, second)
    }
}

/// The state of one listener.
struct ListenerState {
    enum Mode {
        /// Each accept takes one connection.
        case single
        /// One accept takes all connections that arrive.
        case multishot
        /// The multishot accept was cancelled and may accept connections until it ends: becomes single or multishot.
        case ending
    }

    /// The ordinary descriptor of the listening socket, or -1.
    var descriptor: Int32 = -1
    /// Accepts in flight; at most one unless `mode` is `single`.
    var acceptCount = 0
    /// How the accepts in flight were armed.
    var mode = Mode.single
    /// Whether connections are wanted.
    var isWanted = false
    /// After a failed accept: the time at which it is retried.
    var retryAt: MonotonicInstant?
}
