import Synchronization

/// Parcels of connections that other reactors pass here, from `Reactor.pass` to `connectionArrived`.
///
/// The kernel carries only a parcel's number. Whoever takes the number first has the parcel: the target, when the
/// descriptor arrives; the sender, when the pass failed or the connection was closed meanwhile. What nobody took is
/// released with the inbox. The lock is held for one step in a table: a pass is an event of a connection's life, not
/// of its messages.
final class ParcelInbox<Parcel: Sendable>: Sendable {
    private struct State {
        var parcels: [UInt64: Parcel] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Parcels that nobody took yet.
    var count: Int { state.withLock { $0.parcels.count } }

    /// Keeps `parcel`; its number fits into a completion's tag. Any thread.
    func put(_ parcel: Parcel) -> UInt64 {
        state.withLock { state in
            state.lastNumber = (state.lastNumber + 1) & CompletionTag.arrivalNumberMax
            state.parcels[state.lastNumber] = parcel
            return state.lastNumber
        }
    }

    /// Takes the parcel; nil when it was taken before. Any thread.
    func take(_ number: UInt64) -> Parcel? {
        state.withLock { $0.parcels.removeValue(forKey: number) }
    }

    /// Releases all parcels, outside the lock.
    func removeAll() {
        let parcels = state.withLock { state in
            defer { state.parcels = [:] }
            return state.parcels
        }
        _ = parcels
    }
}
