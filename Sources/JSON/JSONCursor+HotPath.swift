public import Primitives

/// Writes JSON into memory that `JSONWriter.write` has reserved, without a check of the buffer for each piece.
///
/// What does not fit is left out, and the cursor is full: `write` then drops all and repeats it with more room.
@safe
public struct JSONCursor: ~Copyable {
    /// The first byte of `capacity`, of which `byteCount` are written. `JSONWriter.write` owns this memory, and the
    /// cursor, of which there is no copy, ends before it does.
    @usableFromInline
    let target: UnsafeMutableRawPointer
    @usableFromInline
    let capacity: Int
    @usableFromInline
    var byteCount = 0
    @usableFromInline
    var isFull = false

    @unsafe
    @inlinable
    init(target: UnsafeMutableRawPointer, capacity: Int) {
        unsafe self.target = target
        self.capacity = capacity
    }

    /// Writes text that is JSON already.
    @inlinable
    @inline(__always)
    public mutating func raw(_ literal: StaticString) {
        let literalByteCount = literal.utf8CodeUnitCount
        guard capacity &- byteCount >= literalByteCount else {
            isFull = true
            return
        }
        // SAFETY: the literal has room.
        unsafe (target + byteCount).copyMemory(from: literal.utf8Start, byteCount: literalByteCount)
        byteCount &+= literalByteCount
    }

    /// Writes the contents of a string. Escapes only what must be escaped.
    public mutating func contents(of text: String) {
        let source = text.utf8Span.span
        // SAFETY: the memory after `byteCount` is not in use.
        let (index, written) = unsafe JSONWriter.escape(
            source, from: 0, to: target + byteCount, room: capacity &- byteCount)
        byteCount &+= written
        if index < source.count { isFull = true }
    }

    /// Writes the text of a time (RFC 3339, UTC, microseconds).
    public mutating func contents(of time: Timestamp) {
        guard capacity &- byteCount >= Timestamp.textByteCount else {
            isFull = true
            return
        }
        // SAFETY: the text has room.
        unsafe time.store(to: target + byteCount)
        byteCount &+= Timestamp.textByteCount
    }
}

extension JSONWriter {
    /// Appends what `body` writes of a value: one check of the buffer for all of it. O(bytes).
    ///
    /// `body` receives the value, as a closure that captured the value would copy it.
    ///
    /// - Parameter room: The bytes that are nearly always enough. Until they are, `body` is called again with more.
    @inlinable
    public mutating func write<Value: ~Copyable>(
        _ value: borrowing Value, room: Int, _ body: (borrowing Value, inout JSONCursor) -> Void
    ) {
        var room = room + Self.escapeRoomByteCount
        while !attempt(value, room: room, body) { room *= Self.escapeByteCountMax }
    }

    @inlinable
    @inline(__always)
    mutating func attempt<Value: ~Copyable>(
        _ value: borrowing Value, room: Int, _ body: (borrowing Value, inout JSONCursor) -> Void
    ) -> Bool {
        var isComplete = false
        bytes.append(addingCapacity: room) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, byteCount in
                guard let target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                // SAFETY: `room` bytes from `target` on are not in use, and the cursor ends here.
                var cursor = unsafe JSONCursor(target: target, capacity: room)
                body(value, &cursor)
                guard !cursor.isFull else { return }
                byteCount = cursor.byteCount
                isComplete = true
            }
        }
        return isComplete
    }
}
