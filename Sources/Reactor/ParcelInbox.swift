import Synchronization

/// Each `Parcel` of a connection in transfer to this reactor, from `Reactor.pass` to `connectionArrived`.
///
/// The kernel carries only the number of a transfer. The first to take that number gets the `Parcel`: the target, when
/// the descriptor arrives; or the sender, when the transfer failed or the connection was closed meanwhile. What was not
/// taken is released with the inbox. The lock is held for one access to a table: a transfer is an event of a
/// connection's life, not of its messages.
final class ParcelInbox<Parcel: Sendable>: Sendable {
    private struct State {
        var parcels: [UInt64: Parcel] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The number of transfers whose `Parcel` was not taken yet.
    var count: Int { state.withLock { $0.parcels.count } }

    /// Stores `parcel` and returns its number, which fits into a completion's tag. Any thread.
    func put(_ parcel: Parcel) -> UInt64 {
        state.withLock { state in
            state.lastNumber = (state.lastNumber + 1) & CompletionTag.arrivalNumberMax
            state.parcels[state.lastNumber] = parcel
            return state.lastNumber
        }
    }

    /// Takes the `Parcel`; nil when it was taken before. Any thread.
    func take(_ number: UInt64) -> Parcel? {
        state.withLock { $0.parcels.removeValue(forKey: number) }
    }

    /// Releases the contents, outside the lock.
    func removeAll() {
        let parcels = state.withLock { state in
            defer { state.parcels = [:] }
            return state.parcels
        }
        _ = parcels
    }
}
