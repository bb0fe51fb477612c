import Auth
import Chat
import Primitives
import Reactor
import Sessions

/// A reactor's state of an open stream: a value without heap memory of its own, but for TLS, as there are many.
struct StreamConnection {
    var session: StreamSession
    let transport: Transport
    var timer: TimerID?
    let openedAt: MonotonicInstant
    let slot: StreamQuota.Slot
    /// The shard that counts the user.
    let slotCounter: UInt16
}

/// What moves with a connection to the reactor that owns its shop.
struct StreamTransfer: Sendable {
    let transport: Transport
    let shopID: ShopID
    let slot: ReservedSlot
    let tokenExpiresAt: Timestamp
    let encoding: EventEncoding
    /// The 101 response, which is sent first.
    let response: [UInt8]
    /// Bytes that arrived after the handshake.
    let leftover: [UInt8]
    /// The address that the connection is counted by, if it is.
    let countedAddress: PeerAddress?
}
