import Auth
import Chat
import Primitives
import Reactor
import Sessions
import WebSocket

/// A reactor's state of an open stream: a value without heap memory, as there are many.
struct StreamConnection {
    enum Phase: UInt8 {
        /// Messages flow.
        case open
        /// Its end is decided and counted, and its quota slot is free. A close frame is being sent, or the peer's
        /// answer is pending, until the deadline.
        case closing
        /// It has left the hub. Our side is shut down, and input is dropped.
        case lingering
    }

    var decoder: FrameDecoder
    var state = ConnectionState(endpoint: .server)
    var heartbeat: Heartbeat
    var openedAt: MonotonicInstant
    /// The end of the phase, or of the write wait of a blocked subscriber.
    var deadline = MonotonicInstant(nanoseconds: .max)
    /// On the driver's clock, as a token's time advances while the process is stopped.
    var tokenExpiresAt: MonotonicInstant
    var timer: TimerID?
    var slot: StreamQuota.Slot
    /// The shard that counts the user.
    var slotCounter: UInt16
    var phase = Phase.open
    /// The peer has ended its side; a pending close frame is still sent.
    var hasPeerEnded = false
    var reason = Disconnect.clientGone
    var allowance: ByteAllowance
}

/// A token bucket of bytes: how much a client may still send.
struct ByteAllowance {
    private var byteCount: Int32
    private var refilledAt: MonotonicInstant

    init(at now: MonotonicInstant) {
        byteCount = Int32(ServerLimits.clientByteCountBurst)
        refilledAt = now
    }

    /// Takes bytes; false when there were not enough. Refills by the time that has passed. The debt is bounded: a peer
    /// that is being closed may continue to send.
    mutating func take(_ count: Int, at now: MonotonicInstant) -> Bool {
        let burst = ServerLimits.clientByteCountBurst
        let milliseconds = Int(clamping: (now.nanoseconds - min(refilledAt.nanoseconds, now.nanoseconds)) / 1_000_000)
        if milliseconds > 0 {
            let refill = min(milliseconds, 60_000) * ServerLimits.clientBytesPerSecond / 1_000
            byteCount = Int32(min(Int(byteCount) + refill, burst))
            refilledAt = now
        }
        byteCount = Int32(max(Int(byteCount) - count, -burst))
        return byteCount >= 0
    }
}

/// What moves with a connection to the reactor that owns its shop.
struct StreamArrival: Sendable {
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
