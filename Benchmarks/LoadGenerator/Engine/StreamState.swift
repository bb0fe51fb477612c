import Primitives
import WebSocket

/// One stream of a lane. There is one for each for the whole run, so it is small: about 80 bytes.
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
    /// When connecting began.
    var connectStartedAt = MonotonicInstant(nanoseconds: 0)
    /// The shop's number.
    let shop: UInt32
    /// Where it is.
    var phase = Phase.idle
    /// A message of which a part came in an earlier buffer is kept in `Lane.partials`.
    var hasPartial = false
    /// A `send` is under way.
    var isSending = false
    /// The stream stops reading with its first message, for the sake of those that do not.
    var isSlow = false
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
