public import Primitives

extension JSONWriter {
    /// An escape has at most six bytes.
    @inlinable
    static var escapeByteCountMax: Int { 6 }

    /// Appends the contents of a string.
    mutating func escaped(_ source: Span<UInt8>) {
        var index = 0
        while index < source.count {
            // Few bytes need an escape, so the first attempt is nearly always enough.
            let rest = source.count - index
            let room = rest + (index == 0 ? min(rest >> 3, 64) : rest) + Self.escapeRoomByteCount
            bytes.append(addingCapacity: room) { output in
                unsafe output.withUnsafeMutableBufferPointer { buffer, byteCount in
                    guard let target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                    // SAFETY: `room` bytes from `target` on are not in use.
                    unsafe (index, byteCount) = Self.escape(source, from: index, to: target, room: room)
                }
            }
        }
    }

    /// The room that `escape` needs beside that for the bytes that it writes: a block, and an escape.
    @inlinable
    static var escapeRoomByteCount: Int { ByteBlock.byteCount + escapeByteCountMax }

    /// Writes the contents of a string, until all bytes are written or a block with an escape has no room. Returns the
    /// index of the next byte, and the number of bytes that were written.
    @unsafe
    static func escape(
        _ source: Span<UInt8>, from start: Int, to target: UnsafeMutableRawPointer, room: Int
    ) -> (index: Int, byteCount: Int) {
        unsafe source.withUnsafeBytes { source in
            guard let sourceStart = source.baseAddress else { return (0, 0) }
            let sourceEnd = unsafe sourceStart + source.count
            var next = unsafe sourceStart + start
            // The address after the last escape.
            var runStart = unsafe next
            var written = 0
            let writtenMax = room - escapeRoomByteCount
            while written <= writtenMax {
                guard unsafe sourceEnd - next >= ByteBlock.byteCount else {
                    // SAFETY: as in this function.
                    let result = unsafe escapeRest(
                        next..<sourceEnd, runStart: runStart, to: target, written, before: room - escapeByteCountMax)
                    return unsafe (result.next - sourceStart, result.written)
                }
                // SAFETY: the source has a block from `next` on, and the target has room for a block and an escape. What
                // follows an escape in the block is overwritten.
                let block = unsafe ByteBlock(loadedFrom: next)
                unsafe target.storeBytes(of: block.bytes, toByteOffset: written, as: SIMD16<UInt8>.self)
                let special = bytesToEscape(block)
                if special.isEmpty {
                    unsafe next += ByteBlock.byteCount
                    written &+= ByteBlock.byteCount
                    continue
                }
                let offset = special.firstOffset
                let byte = unsafe next.load(fromByteOffset: offset, as: UInt8.self)
                written &+= offset
                written &+= unsafe storeEscape(of: byte, to: target + written)
                unsafe next += offset &+ 1
                unsafe runStart = next
            }
            return unsafe (next - sourceStart, written)
        }
    }

    /// Writes the bytes after the last whole block: fewer than a block has, while the number of written bytes is at most
    /// `writtenMax`. A block and an escape have room.
    @unsafe
    @inline(__always)
    private static func escapeRest(
        _ rest: Range<UnsafeRawPointer>, runStart: UnsafeRawPointer, to target: UnsafeMutableRawPointer,
        _ writtenBefore: Int, before writtenMax: Int
    ) -> (next: UnsafeRawPointer, written: Int) {
        var (next, written) = unsafe (rest.lowerBound, writtenBefore)
        let restByteCount = unsafe rest.upperBound - next
        // The source's last block ends with these bytes. Those before them in the block were written as they are when
        // they are of the same run.
        let known = ByteBlock.byteCount &- restByteCount
        if unsafe next - runStart >= known {
            // SAFETY: the block is of the source, as the run is.
            let block = unsafe ByteBlock(loadedFrom: next - known)
            if bytesToEscape(block).isEmpty {
                // SAFETY: the run was written before `written`.
                unsafe target.storeBytes(of: block.bytes, toByteOffset: written &- known, as: SIMD16<UInt8>.self)
                return unsafe (rest.upperBound, written &+ restByteCount)
            }
        }
        while unsafe next < rest.upperBound, written <= writtenMax {
            let byte = unsafe next.load(as: UInt8.self)
            unsafe next += 1
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                written &+= unsafe storeEscape(of: byte, to: target + written)
            } else {
                unsafe target.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
                written &+= 1
            }
        }
        return unsafe (next, written)
    }

    /// The bytes that a string must not have as they are (RFC 8259, section 7).
    @inline(__always)
    private static func bytesToEscape(_ block: ByteBlock) -> ByteBlock.Selection {
        // Inverting this bit exchanges the quote with the space, and each control character with another one.
        block.invertingBits(0x02).below(0x21) | block.equal(to: UInt8(ascii: "\\"))
    }

    /// Writes the escape of a byte, which has room, and returns its length.
    @unsafe
    @inline(__always)
    private static func storeEscape(of byte: UInt8, to target: UnsafeMutableRawPointer) -> Int {
        guard byte >= 0x20 else { return unsafe storeControlEscape(of: byte, to: target) }
        let pair = UInt16(UInt8(ascii: "\\")) | UInt16(byte) << 8
        unsafe target.storeBytes(of: pair.littleEndian, as: UInt16.self)
        return 2
    }

    @unsafe
    @inline(never)
    private static func storeControlEscape(of byte: UInt8, to target: UnsafeMutableRawPointer) -> Int {
        switch byte {
        case 0x09: unsafe store("\\t", to: target)
        case 0x0A: unsafe store("\\n", to: target)
        case 0x0D: unsafe store("\\r", to: target)
        case 0x10...: unsafe store("\\u001", digit: byte & 0xF, to: target)
        default: unsafe store("\\u000", digit: byte, to: target)
        }
    }

    @unsafe
    private static func store(_ literal: StaticString, to target: UnsafeMutableRawPointer) -> Int {
        // SAFETY: the longest escape has room.
        unsafe target.copyMemory(from: literal.utf8Start, byteCount: literal.utf8CodeUnitCount)
        return literal.utf8CodeUnitCount
    }

    @unsafe
    private static func store(_ literal: StaticString, digit: UInt8, to target: UnsafeMutableRawPointer) -> Int {
        let byteCount = unsafe store(literal, to: target)
        let digit = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        unsafe target.storeBytes(of: digit, toByteOffset: byteCount, as: UInt8.self)
        return byteCount + 1
    }
}
