import Primitives

/// A shop in one encoding: its subscribers, and its log while it has one.
///
/// This is all that an idle shop holds besides its name. The log exists while bytes are retained, a subscriber trails
/// or a flush is due.
struct Topic: BitwiseCopyable {
    let encoding: StreamEncoding
    /// The same shop in its next encoding.
    var next = SlabIndex<Topic>.null
    var log = SlabIndex<TopicLog>.null
    var current = CurrentList()
}
