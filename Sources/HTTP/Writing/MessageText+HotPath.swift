import Primitives

/// Copies the parts of a message one behind the other into room for all of them.
@safe
struct MessageCursor {
    private let start: UnsafeMutableRawPointer
    private let room: Int
    private(set) var byteCount = 0

    /// Writes to `room` bytes from `start` on.
    @unsafe
    fileprivate init(_ start: UnsafeMutableRawPointer, room: Int) {
        unsafe self.start = start
        self.room = room
    }

    /// Copies the bytes of a literal.
    @inline(__always)
    mutating func put(_ literal: StaticString) {
        // SAFETY: the literal has that many bytes.
        unsafe put(UnsafeRawPointer(literal.utf8Start), literal.utf8CodeUnitCount)
    }

    /// Copies bytes.
    @inline(__always)
    mutating func put(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            // SAFETY: the span has that many bytes.
            unsafe put(base, source.count)
        }
    }

    /// Writes a number, which is not negative, in decimal digits.
    @inline(__always)
    mutating func put(decimal number: Int) {
        precondition(number >= 0)
        var digitCount = 1
        var bound = 10
        while digitCount < Self.digitCountMax, number >= bound {
            digitCount += 1
            bound &*= 10
        }
        precondition(digitCount <= room - byteCount, "a part is larger than the room that was reserved for it")
        byteCount += digitCount
        var rest = UInt(bitPattern: number)
        var offset = byteCount
        repeat {
            offset &-= 1
            let digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            // SAFETY: the room has a byte for each digit.
            unsafe start.storeBytes(of: digit, toByteOffset: offset, as: UInt8.self)
        } while rest > 0
    }

    /// The most digits of an `Int`.
    private static var digitCountMax: Int { 19 }

    @unsafe @inline(__always)
    private mutating func put(_ source: UnsafeRawPointer, _ count: Int) {
        precondition(count <= room - byteCount, "a part is larger than the room that was reserved for it")
        // SAFETY: the room has `count` bytes, and no other memory overlaps it.
        unsafe (start + byteCount).copyMemory(from: source, byteCount: count)
        byteCount += count
    }
}

extension [UInt8] {
    /// Appends what `body` puts, at most `room` bytes: one check of the capacity for all of it.
    @inline(__always)
    mutating func append(room: Int, _ body: (inout MessageCursor) -> Void) {
        append(addingCapacity: room) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                guard let start = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                // SAFETY: the output has `room` bytes. The cursor does not leave the closure.
                var cursor = unsafe MessageCursor(start, room: room)
                body(&cursor)
                initializedCount = cursor.byteCount
            }
        }
    }
}
