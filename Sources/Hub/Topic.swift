import Primitives

/// A shop in one encoding: its current subscribers, and its log while it has one.
///
/// An idle shop stores only this and its name. The log exists while bytes are retained, a subscriber trails, or a flush
/// is due.
struct Topic: BitwiseCopyable {
    let encoding: StreamEncoding
    /// The topic of the same shop in its next encoding.
    var next = SlabIndex<Topic>.null
    var log = SlabIndex<TopicLog>.null
    var current = CurrentList()
}
