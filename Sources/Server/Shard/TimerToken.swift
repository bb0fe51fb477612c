import Primitives
import Reactor

/// The purpose of a timer of a shard's reactor, as the token that the reactor returns.
///
/// The two highest bits separate the kinds, so that no two timers have the same token: 00 a connection (its generation
/// has 24 bits), 10 a timer of the socket loop, 11 one of the shard's own.
enum TimerToken: Hashable {
    /// The shard's own timers. At most one of each is pending. The compiler refuses equal values.
    enum ShardTimer: UInt64, CaseIterable {
        case housekeeping = 1
        case membershipLook = 2
        case readiness = 3
        case memoryTrim = 4
        case streamDrain = 5
    }

    /// A deadline of a connection.
    case connection(ConnectionID)
    /// A timer of the socket loop, by its number there.
    case socketLoop(UInt64)
    /// One of the shard's own.
    case shard(ShardTimer)

    private static let socketLoopMark: UInt64 = 1 << 63
    private static let shardMark: UInt64 = 3 << 62
    /// Numbers use the rest of the bits.
    private static let numberMask: UInt64 = ~shardMark

    /// The number that the reactor keeps.
    var rawValue: UInt64 {
        switch self {
        case .connection(let connection): UInt64(connection.generation) << 32 | UInt64(connection.slot)
        case .socketLoop(let number): Self.socketLoopMark | number & Self.numberMask
        case .shard(let timer): Self.shardMark | timer.rawValue
        }
    }

    /// Decodes a number that `rawValue` returned; nil for any other.
    init?(rawValue: UInt64) {
        let number = rawValue & Self.numberMask
        switch rawValue & Self.shardMark {
        case 0:
            self = .connection(
                ConnectionID(
                    slot: UInt32(truncatingIfNeeded: number), generation: UInt32(truncatingIfNeeded: number >> 32)))
        case Self.socketLoopMark: self = .socketLoop(number)
        case Self.shardMark:
            guard let timer = ShardTimer(rawValue: number) else { return nil }
            self = .shard(timer)
        default: return nil
        }
    }
}

extension Shard {
    /// Sets one of the shard's own timers.
    @discardableResult
    func schedule(_ timer: TimerToken.ShardTimer, at time: MonotonicInstant) -> TimerID {
        reactor.schedule(at: time, token: TimerToken.shard(timer).rawValue)
    }

    /// The token of a connection's deadline.
    static func timerToken(_ connection: ConnectionID) -> UInt64 { TimerToken.connection(connection).rawValue }
}
