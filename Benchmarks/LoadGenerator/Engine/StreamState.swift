import Primitives
import WebSocket

/// One stream of a lane. There is one for each for the whole run, so it is small: about 90 bytes.
struct StreamState {
    /// Where a stream is in its life.
    enum Phase: UInt8 {
        /// Not connected. Becomes `connecting`.
        case idle
        /// The kernel connects. Becomes `handshaking` or `idle`.
        case connecting
        /// The upgrade was sent. Becomes `open`, `ending` or `idle`.
        case handshaking
        /// Messages come. Becomes `closing`, `ending` or `idle`.
        case open
        /// A close frame was sent, and the server's end is awaited. Becomes `idle`.
        case closing
        /// The connection is being given up. Becomes `idle`.
        case ending
    }

    /// The frames' decoder, from the upgrade on.
    var decoder: FrameDecoder
    /// The place in the shop's order.
    var order = StreamOrder(baseline: 1)
    /// The connection, unless idle.
    var connection = ConnectionID(slot: 0, generation: 0)
    /// When the attempt to connect began that is under way.
    var connectStartedAt = MonotonicInstant(nanoseconds: 0)
    /// When it was first meant to connect; 0 when that is to come.
    var connectIntendedAt = MonotonicInstant(nanoseconds: 0)
    /// The shop's number.
    let shop: UInt32
    /// Where it is.
    var phase = Phase.idle
    /// A message of which a part came in an earlier buffer is kept in `Lane.partials`.
    var hasPartial = false
    /// A `send` is under way.
    var isSending = false
    /// The stream reads nothing after the upgrade until the sending is over; the others must not notice.
    var isSlow = false
    /// The scenario takes the stream away: that it is not open is no fault of the server's until it is opened again, or
    /// given up.
    var isTakenAway = false
    /// The stream opens again when it has ended.
    var reopens = false
    /// The messages since it was last open are to be read by REST.
    var catchesUp = false
    /// Failed attempts to open it.
    var failureCount: UInt8 = 0

    init(shop: UInt32) {
        self.shop = shop
        decoder = FrameDecoder(role: .client, messageByteCountMax: LoadLimits.messageByteCountMax)
    }
}
