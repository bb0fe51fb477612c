import Primitives

/// The listeners that a reactor can have.
public enum ListenerKind: UInt8, Sendable, CaseIterable {
    /// Accepts as many connections as there is room for.
    case main
    /// Has `ReactorLimits.sideConnectionCountMax` descriptors of its own, so that any number of connections of the main
    /// listener does not keep its clients out. Its connections come without their peers' addresses.
    case side
    /// As `main`, with which it shares the room: for a second address.
    case second

    /// All kinds; stored, as each accept goes through them.
    public static let allCases: [ListenerKind] = [.main, .side, .second]

    /// Whether it shares the room of the main listener.
    var sharesRoom: Bool {
        switch self {
        case .main, .second: true
        case .side: false
        }
    }
}

/// The state of a reactor's listeners.
struct ListenerStates {
    private var main = ListenerState()
    private var side = ListenerState()
    private var second = ListenerState()
    /// Connections of the side listener that still have their descriptors.
    var sideConnectionCount = 0

    subscript(kind: ListenerKind) -> ListenerState {
        get {
            switch kind {
            case .main: main
            case .side: side
            case .second: second
            }
        }
        _modify {
            switch kind {
            case .main: yield &main
            case .side: yield &side
            case .second: yield &second
            }
        }
    }

    /// The earliest time at which a failed accept is retried.
    var retryAt: MonotonicInstant? {
        MonotonicInstant.earlier(MonotonicInstant.earlier(main.retryAt, side.retryAt), second.retryAt)
    }

    /// The listeners that share the main listener's room and want connections.
    var wantedSharingCount: Int {
        ListenerKind.allCases.count { $0.sharesRoom && self[$0].isWanted }
    }

    /// Accepts in flight of the listeners that share the main listener's room.
    var sharingAcceptCount: Int {
        ListenerKind.allCases.reduce(0) { $0 + ($1.sharesRoom ? self[$1].acceptCount : 0) }
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
    /// Whether the socket's family is IPv6.
    var isIPv6 = false
    /// Accepts in flight; at most one unless `mode` is `single`.
    var acceptCount = 0
    /// How the accepts in flight were armed.
    var mode = Mode.single
    /// Whether connections are wanted.
    var isWanted = false
    /// Whether the service manager has the socket too.
    var isInherited = false
    /// Whether new connections are left to another process that listens on the address.
    var isSteered = false
    /// After a failed accept: the time at which it is retried.
    var retryAt: MonotonicInstant?
}
