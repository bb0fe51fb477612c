internal import Primitives

extension JSONWriter {
    /// An escape has at most six bytes.
    private static let escapeByteCountMax = 6

    /// Appends the contents of a string.
    @inline(__always)
    mutating func escaped(_ source: Span<UInt8>) {
        var index = 0
        repeat {
            // Few bytes need an escape, so this is nearly always enough.
            let rest = source.count - index
            let room = rest + min(rest >> 3, 64) + 2 * (ByteBlock.byteCount + Self.escapeByteCountMax)
            bytes.append(addingCapacity: room) { output in
                unsafe output.withUnsafeMutableBufferPointer { buffer, byteCount in
                    guard let target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                    // SAFETY: `room` bytes from `target` on are not in use.
                    unsafe (index, byteCount) = Self.escape(source, from: index, to: target, room: room)
                }
            }
        } while index < source.count
    }

    /// Writes the contents of a string, until all bytes are written or a block with an escape has no room. Returns the
    /// index of the next byte, and the number of bytes that were written.
    @unsafe
    private static func escape(
        _ source: Span<UInt8>, from start: Int, to target: UnsafeMutableRawPointer, room: Int
    ) -> (index: Int, byteCount: Int) {
        let byteCountMax = room - ByteBlock.byteCount - escapeByteCountMax
        var (index, byteCount) = (start, 0)
        // The index after the last escape.
        var runStart = start
        while byteCount <= byteCountMax {
            guard let block = ByteBlock(source, at: index) else {
                return unsafe escapeRest(
                    source, from: index, runStart: runStart, to: target, byteCount, before: room - escapeByteCountMax)
            }
            // SAFETY: a block and an escape have room. What follows an escape in the block is overwritten.
            unsafe target.storeBytes(of: block.bytes, toByteOffset: byteCount, as: SIMD16<UInt8>.self)
            if let offset = firstToEscape(block) {
                byteCount &+= offset
                index &+= offset &+ 1
                byteCount &+= unsafe storeEscape(of: source[index &- 1], to: target + byteCount)
                runStart = index
            } else {
                index &+= ByteBlock.byteCount
                byteCount &+= ByteBlock.byteCount
            }
        }
        return (index, byteCount)
    }

    /// Writes the bytes after the last whole block: fewer than a block has, while `byteCount` is at most `byteCountMax`.
    /// A block and an escape have room.
    @unsafe
    @inline(__always)
    private static func escapeRest(
        _ source: Span<UInt8>, from start: Int, runStart: Int, to target: UnsafeMutableRawPointer, _ writtenCount: Int,
        before byteCountMax: Int
    ) -> (index: Int, byteCount: Int) {
        var (index, byteCount) = (start, writtenCount)
        let rest = source.count &- index
        let last = source.count &- ByteBlock.byteCount
        // The source's last block ends with these bytes. Those before them in the block were written as they are when
        // they are of the same run.
        if runStart <= last, let block = ByteBlock(source, at: last), firstToEscape(block) == nil {
            let place = byteCount &- (ByteBlock.byteCount &- rest)
            // SAFETY: the run has a block at least, which was written before `byteCount`.
            unsafe target.storeBytes(of: block.bytes, toByteOffset: place, as: SIMD16<UInt8>.self)
            return (source.count, byteCount &+ rest)
        }
        while index < source.count, byteCount <= byteCountMax {
            let byte = source[index]
            index &+= 1
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                byteCount &+= unsafe storeEscape(of: byte, to: target + byteCount)
            } else {
                unsafe target.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
                byteCount &+= 1
            }
        }
        return (index, byteCount)
    }

    /// The offset of the first byte that a string must not have as it is (RFC 8259, section 7).
    @inline(__always)
    private static func firstToEscape(_ block: ByteBlock) -> Int? {
        let special =
            block.below(0x20) | block.equal(to: UInt8(ascii: "\"")) | block.equal(to: UInt8(ascii: "\\"))
        return special.firstOffset
    }

    /// Writes the escape of a byte, which has room, and returns its length.
    @unsafe
    @inline(__always)
    private static func storeEscape(of byte: UInt8, to target: UnsafeMutableRawPointer) -> Int {
        let letter: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): letter = byte
        case 0x0A: letter = UInt8(ascii: "n")
        case 0x0D: letter = UInt8(ascii: "r")
        case 0x09: letter = UInt8(ascii: "t")
        default: return unsafe storeNumberedEscape(of: byte, to: target)
        }
        unsafe target.storeBytes(of: UInt8(ascii: "\\"), as: UInt8.self)
        unsafe target.storeBytes(of: letter, toByteOffset: 1, as: UInt8.self)
        return 2
    }

    @unsafe
    @inline(never)
    private static func storeNumberedEscape(of byte: UInt8, to target: UnsafeMutableRawPointer) -> Int {
        let low = byte & 0xF
        let digit = low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10
        let bytes: InlineArray<6, UInt8> = [
            UInt8(ascii: "\\"), UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), UInt8(ascii: "0") + byte >> 4,
            digit,
        ]
        for index in bytes.indices { unsafe target.storeBytes(of: bytes[index], toByteOffset: index, as: UInt8.self) }
        return bytes.count
    }
}
