/// Bytes that are sent to one subscriber alone, before the log's next frame: the response to its handshake, the rest of
/// a frame whose log it no longer holds, and control frames.
///
/// A plain value that names its buffer, which its subscriber owns. Bytes in flight do not move: later bytes are
/// appended, and a buffer that is too small is replaced by another.
struct Outbox: BitwiseCopyable {
    private(set) var buffer: PooledBuffer?
    /// The unsent bytes are those from `start` to `end`.
    private(set) var start = 0
    private(set) var end = 0
    /// The last pong, which is unsent while `pongEnd` > `start`.
    private var pongStart = 0
    private var pongEnd = 0
    /// Bytes of pongs since the outbox was last empty.
    private var pongByteCount = 0
    /// The end of the last ping, which is unsent while `pingEnd` > `start`.
    private var pingEnd = 0
    /// The size of the close frame at the end, in bytes; the frame may have to wait for messages.
    private var closeByteCount = 0

    var byteCount: Int { end - start }
    /// The bytes before the close frame.
    var byteCountBeforeClose: Int { max(byteCount - closeByteCount, 0) }
    var isEmpty: Bool { end == start }

    /// Appends bytes as they are. O(bytes) amortised.
    mutating func append(_ bytes: Span<UInt8>, pool: inout BufferPool) {
        if bytes.isEmpty { return }
        reserve(bytes.count, pool: &pool).write(bytes, at: end)
        end += bytes.count
    }

    /// Appends a control frame; the outbox must not contain a close frame. A ping is dropped while another is unsent. A
    /// pong that exceeds `pongByteCountMax` replaces the last pong if that is unsent (RFC 6455, section 5.5.3), and is
    /// dropped otherwise. The first `inFlightByteCount` bytes are not changed. Returns whether the frame was appended.
    mutating func append(
        _ kind: ControlFrameKind, _ frame: Span<UInt8>, inFlightByteCount: Int, pongByteCountMax: Int,
        pool: inout BufferPool
    ) -> Bool {
        switch kind {
        case .close, .closeAfterMessages:
            append(frame, pool: &pool)
            closeByteCount = frame.count
        case .ping:
            if pingEnd > start { return false }
            append(frame, pool: &pool)
            pingEnd = end
        case .pong:
            if pongByteCount + frame.count > pongByteCountMax {
                if pongEnd <= pongStart || pongStart < start + inFlightByteCount { return false }
                removePong()
            }
            append(frame, pool: &pool)
            pongByteCount += frame.count
            pongStart = end - frame.count
            pongEnd = end
        }
        return true
    }

    /// Puts the rest of a frame before all other bytes. Nothing may be in flight. O(bytes).
    mutating func prepend(from log: PooledBuffer, at offset: Int, byteCount: Int, pool: inout BufferPool) {
        let larger = pool.take(byteCount: byteCount + self.byteCount)
        larger.copy(from: log, at: offset, byteCount: byteCount, to: 0)
        if let old = buffer {
            larger.copy(from: old, at: start, byteCount: self.byteCount, to: byteCount)
            pool.give(old)
        }
        buffer = larger
        shiftMarks(by: byteCount - start)
        end += byteCount - start
        start = 0
    }

    /// The first `byteCount` bytes were sent. Releases the buffer when all bytes are sent. O(1).
    mutating func consume(_ byteCount: Int, pool: inout BufferPool) {
        precondition(byteCount <= self.byteCount, "more was sent than there was")
        start += byteCount
        if isEmpty { clear(pool: &pool) }
    }

    /// Releases the buffer. O(1).
    mutating func clear(pool: inout BufferPool) {
        if let buffer { pool.give(buffer) }
        self = Outbox()
    }

    private mutating func removePong() {
        guard let buffer else { return }
        let removedByteCount = pongEnd - pongStart
        buffer.copy(from: buffer, at: pongEnd, byteCount: end - pongEnd, to: pongStart)
        end -= removedByteCount
        pongByteCount -= removedByteCount
        if pingEnd > pongStart { pingEnd -= removedByteCount }
    }

    private mutating func reserve(_ byteCount: Int, pool: inout BufferPool) -> PooledBuffer {
        if let buffer, end + byteCount <= buffer.byteCapacity { return buffer }
        let larger = pool.take(byteCount: self.byteCount + byteCount)
        if let old = buffer {
            larger.copy(from: old, at: start, byteCount: self.byteCount, to: 0)
            pool.give(old)
        }
        buffer = larger
        shiftMarks(by: -start)
        end -= start
        start = 0
        return larger
    }

    /// Moves the marks with the bytes. The marks of sent frames become 0, which never counts as unsent.
    private mutating func shiftMarks(by distance: Int) {
        pingEnd = pingEnd > start ? pingEnd + distance : 0
        pongStart = pongEnd > start ? pongStart + distance : 0
        pongEnd = pongEnd > start ? pongEnd + distance : 0
    }
}
