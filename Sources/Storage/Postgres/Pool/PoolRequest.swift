import Primitives

/// A request as the pool knows it: what it may do with it, not what it says.
struct PoolRequest: Hashable, Sendable {
    /// What kind of work it is, and so how it may be sent, and sent again.
    enum Kind: Hashable, Sendable {
        /// Stores a message under an id of its own. May share a transaction; sent twice, it is stored once.
        case append
        /// Changes something else, in a transaction of its own. A repeatable one leaves, and answers, the same when it
        /// is done twice.
        case write(isRepeatable: Bool)
        /// Changes nothing.
        case read
    }

    /// Whose transaction a request may share.
    enum Sharing: Hashable, Sendable {
        /// That of all who wait; then `survivors`, or `nobody`.
        case anybody
        /// That of those beside whom it was when another one spoilt it; then `nobody`.
        case survivors
        /// It has one of its own.
        case nobody
    }

    /// Names it; unique in the pool.
    let id: UInt64
    /// What kind of work it is.
    let kind: Kind
    /// A read of a row or two, for which a request waits that may be a write: lists do not go before it.
    var isLookUp = false
    /// Writes of one key, a shop's, are sent in their order.
    var key: UInt64 = 0
    /// What it keeps in memory.
    var byteCount = 0
    /// When it is given up unless it was sent by then.
    let deadline: MonotonicInstant
    /// Whose transaction it may share, when it is an append.
    var sharing = Sharing.anybody
    /// It was sent, and the connection died before the end of its transaction was read: whether it was applied is not
    /// known.
    var isUncertain = false
    /// How often it was sent.
    var sendCount = 0

    /// Whose transaction it may share now: a look at what is uncertain must not spoil another's.
    var sharingNow: Sharing { isUncertain ? .nobody : sharing }
}

/// Commands that are sent together and end with one Sync: one transaction.
struct PoolSegment: Hashable, Sendable {
    /// A statement of a request.
    struct Command: Hashable, Sendable {
        /// The request that it belongs to.
        let request: UInt64
        /// It asks, behind an append that was uncertain, whether the message stands there now.
        var isCheck = false
    }

    /// In the order in which they are sent and answered.
    let commands: [Command]

    /// The commands of requests that share a transaction.
    init(_ requests: [PoolRequest]) {
        var commands: [Command] = []
        for request in requests {
            commands.append(Command(request: request.id))
            if request.isUncertain, request.kind == .append {
                commands.append(Command(request: request.id, isCheck: true))
            }
        }
        self.commands = commands
    }
}

/// What the pool wants done; connections are named by their index.
enum PoolAction: Hashable, Sendable {
    /// Begin to connect.
    case connect(Int)
    /// Set the session up: settings and prepared statements.
    case prepare(Int)
    /// Send the commands, then a Sync.
    case send(Int, PoolSegment)
    /// Close what there is of the connection, at once; nothing more is told of it.
    case disconnect(Int)
    /// The request is through: its results are those that came, or it failed.
    case answer(UInt64, StorageError?)
}
