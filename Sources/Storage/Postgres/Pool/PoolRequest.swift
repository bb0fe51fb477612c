import Primitives

/// A request as the pool sees it: how it may be sent, not its content.
struct PoolRequest: Hashable, Sendable {
    /// The kind of work, which decides how the request may be sent and sent again.
    enum Kind: Hashable, Sendable {
        /// Stores a message under a unique id. May share a transaction. Sent twice, the message is stored once.
        case append
        /// Changes something else, in a transaction of its own. A repeatable write has the same effect and the same
        /// answer when it is executed twice.
        case write(isRepeatable: Bool)
        /// Changes nothing.
        case read
    }

    /// Which requests may share the transaction.
    enum Sharing: Hashable, Sendable {
        /// All pending requests. Becomes `survivors` or `none` when the transaction fails.
        case all
        /// The requests that survived the same failed transaction. Becomes `none` when the next one fails too.
        case survivors
        /// No other request: this one has a transaction of its own.
        case none
    }

    /// Identifies the request; unique in the pool.
    let id: UInt64
    /// The kind of work.
    let kind: Kind
    /// A read of one or two rows for which a request waits that may be a write. Lists are not sent before it.
    var isLookUp = false
    /// Writes of the same key are sent in their order. A write of a shop has the shop's key.
    var key: UInt64 = 0
    /// The memory that the request holds.
    var byteCount = 0
    /// The request fails unless it was sent by then.
    let deadline: MonotonicInstant
    /// Which requests may share the transaction of an append.
    var sharing = Sharing.all
    /// Whether the outcome is unknown: the request was sent, and the connection died before the end of its transaction
    /// was read.
    var isUncertain = false
    /// The number of times it was sent.
    var sendCount = 0

    /// Which requests may share its transaction now. The check of an uncertain append must not break the transaction of
    /// other requests.
    var sharingNow: Sharing { isUncertain ? .none : sharing }
}

/// Commands that are sent together and end with one Sync: one transaction.
struct PoolSegment: Hashable, Sendable {
    /// A statement of a request.
    struct Command: Hashable, Sendable {
        /// The request that the command belongs to.
        let request: UInt64
        /// Whether it is the check after an uncertain append: does the message exist now?
        var isCheck = false
    }

    /// The commands in the order in which they are sent and answered.
    let commands: [Command]

    /// Creates a segment with the commands of requests that share a transaction.
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

/// What the pool must do next. Connections are named by their index.
enum PoolAction: Hashable, Sendable {
    /// Begin to connect.
    case connect(Int)
    /// Set up the session: settings and prepared statements.
    case prepare(Int)
    /// Send the commands, then a Sync.
    case send(Int, PoolSegment)
    /// Close the connection at once, in whatever state it is. It reports no further events.
    case disconnect(Int)
    /// The request has ended: with the results that arrived, or with an error.
    case answer(UInt64, StorageError?)
}
