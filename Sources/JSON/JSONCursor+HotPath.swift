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
        let utf8 = text.utf8
        let source = utf8.span
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
    /// `body` receives the address of the value, as a closure that captured the value would copy it.
    ///
    /// - Parameters:
    ///   - strings: The bytes of all strings. When they need more escapes than is usual, `body` is called twice.
    ///   - literalByteCount: At least the bytes of all literals and times.
    @inlinable
    public mutating func write<Value>(
        _ value: borrowing Value, strings: Int, literalByteCount: Int,
        _ body: (UnsafePointer<Value>, inout JSONCursor) -> Void
    ) {
        unsafe withUnsafePointer(to: value) { value in
            let fixed = literalByteCount + Self.escapeRoomByteCount
            // SAFETY: the value outlives both calls.
            if unsafe attempt(value, room: fixed + strings + min(strings >> 3, 64), body) { return }
            let isComplete = unsafe attempt(value, room: fixed + Self.escapeByteCountMax * strings, body)
            precondition(isComplete, "more is written than was said")
        }
    }

    @unsafe
    @inlinable
    @inline(__always)
    mutating func attempt<Value>(
        _ value: UnsafePointer<Value>, room: Int, _ body: (UnsafePointer<Value>, inout JSONCursor) -> Void
    ) -> Bool {
        var isComplete = false
        bytes.append(addingCapacity: room) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, byteCount in
                guard let target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                // SAFETY: `room` bytes from `target` on are not in use, and the cursor ends here.
                var cursor = unsafe JSONCursor(target: target, capacity: room)
                unsafe body(value, &cursor)
                guard !cursor.isFull else { return }
                byteCount = cursor.byteCount
                isComplete = true
            }
        }
        return isComplete
    }
}
