import Primitives
import WebSocket

/// The state of one stream of a lane. Every stream has one for the whole run, so it is small: about 90 bytes.
struct StreamState {
    /// The phase of a stream.
    enum Phase: UInt8 {
        /// Not connected. Becomes `connecting`.
        case idle
        /// The kernel is connecting. Becomes `securing`, `handshaking` or `idle`.
        case connecting
        /// The handshake of TLS has begun. Becomes `handshaking`, `ending` or `idle`.
        case securing
        /// The upgrade was sent. Becomes `open`, `ending` or `idle`.
        case handshaking
        /// The stream receives messages. Becomes `closing`, `ending` or `idle`.
        case open
        /// A close frame was sent; the server must now close the connection. Becomes `idle`.
        case closing
        /// The connection is being closed. Becomes `idle`.
        case ending
    }

    /// The decoder of frames, used after the upgrade.
    var decoder: FrameDecoder
    /// The position in the shop's order.
    var order = StreamOrder(baseline: 1)
    /// The connection, unless idle.
    var connection = ConnectionID(slot: 0, generation: 0)
    /// When the current attempt to connect began.
    var connectStartedAt = MonotonicInstant(nanoseconds: 0)
    /// The first intended connect time; 0 when it is not set yet.
    var connectIntendedAt = MonotonicInstant(nanoseconds: 0)
    /// The shop's number.
    let shop: UInt32
    /// The current phase.
    var phase = Phase.idle
    /// Whether `Lane.partials` has a part of a message from an earlier buffer.
    var hasPartial = false
    /// A `send` is in flight.
    var isSending = false
    /// The stream reads nothing after the upgrade until the sending has ended. This must not affect other streams.
    var isSlow = false
    /// The scenario closed the stream. Until it is reopened or given up, that it is not open does not count against the
    /// server.
    var isTakenAway = false
    /// The stream is reopened after it has ended.
    var reopens = false
    /// The messages since it was last open must be read by REST.
    var catchesUp = false
    /// `Lane.catchUps` has what it missed, some of which may yet arrive on the stream.
    var hasMissed = false
    /// The server ended it, and it is to come back.
    var isReconnecting = false
    /// Failed attempts to open it.
    var failureCount: UInt8 = 0

    init(shop: UInt32) {
        self.shop = shop
        decoder = FrameDecoder(endpoint: .client, messageByteCountMax: LoadLimits.messageByteCountMax)
    }
}
