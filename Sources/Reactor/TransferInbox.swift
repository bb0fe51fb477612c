import Synchronization

/// What accompanies each connection in transfer to this reactor, from `Reactor.transfer` to `connectionTransferred`.
///
/// The kernel carries only the number of a transfer. The first to take that number gets the `Transfer`: the target, when
/// the descriptor is there; or the sender, when the transfer failed or the connection was closed meanwhile. What was not
/// taken is released with the inbox. The lock is held for one access to a table: a transfer is an event of a
/// connection's life, not of its messages.
final class TransferInbox<Transfer: Sendable>: Sendable {
    private struct State {
        var transfers: [UInt64: Transfer] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The number of transfers whose `Transfer` was not taken yet.
    var count: Int { state.withLock { $0.transfers.count } }

    /// Stores `transfer` and returns its number, which fits into a completion's tag. Any thread.
    func put(_ transfer: Transfer) -> UInt64 {
        state.withLock { state in
            state.lastNumber = (state.lastNumber + 1) & CompletionTag.numberMax
            state.transfers[state.lastNumber] = transfer
            return state.lastNumber
        }
    }

    /// Takes the `Transfer`; nil when it was taken before. Any thread.
    func take(_ number: UInt64) -> Transfer? {
        state.withLock { $0.transfers.removeValue(forKey: number) }
    }

    /// Releases the contents, outside the lock.
    func removeAll() {
        let transfers = state.withLock { state in
            defer { state.transfers = [:] }
            return state.transfers
        }
        _ = transfers
    }
}
