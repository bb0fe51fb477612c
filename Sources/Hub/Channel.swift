import Primitives

/// A shop in one encoding: those who subscribed, and its log while it has one.
///
/// This is all that an idle shop holds besides its name. The log exists while bytes are retained, a subscriber lags
/// or a flush is due.
struct Channel: BitwiseCopyable {
    let encoding: StreamEncoding
    /// The same shop in its next encoding.
    var next = SlabIndex<Channel>.null
    var log = SlabIndex<ChannelLog>.null
    var members = MemberList()
}
