/// A place in a log: so many bytes after its opening, and the number of the frame that the next byte belongs to.
struct LogPosition: BitwiseCopyable {
    var offset: UInt64
    var frame: UInt64

    static let origin = LogPosition(offset: 0, frame: 0)
}
