import Glibc
import Primitives

/// The result of a scan for a marker.
package enum MarkerScan: Hashable, Sendable {
    /// A marker with its complete text.
    case found(Marker)
    /// A marker whose text is shorter than its length field; nil when the marker itself is truncated.
    case cut(Marker?)
    /// A marker whose padding was changed; nil when its own checksum is wrong.
    case corrupt(Marker?)
    /// No marker.
    case missing
}

extension Marker {
    /// Looks for a marker in a message's payload and checks every byte of its text. O(n), no allocation.
    ///
    /// - Parameters:
    ///   - payload: The bytes of one message.
    ///   - hint: The offset of the last marker, where the next one is likely to be; updated.
    package static func scan(_ payload: Span<UInt8>, hint: inout Int) -> MarkerScan {
        unsafe payload.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return .missing }
            guard let offset = unsafe offset(in: base, count: bytes.count, hint: hint) else { return .missing }
            hint = offset
            // SAFETY: `offset` is within the bytes, which outlive the closure.
            return unsafe check(base + offset, availableCount: bytes.count - offset)
        }
    }

    /// The offset of the magic's first byte.
    @inline(__always)
    private static func offset(in base: UnsafeRawPointer, count: Int, hint: Int) -> Int? {
        let magic = UInt32(littleEndian: 0x314c_537e)
        // SAFETY: four bytes from `hint` on are within the count.
        if hint + 4 <= count, unsafe base.loadUnaligned(fromByteOffset: hint, as: UInt32.self) == magic { return hint }
        var start = 0
        while start + 4 <= count {
            // SAFETY: the search stays within `count - start - 3` bytes from `start`, and four are left where it finds.
            guard let found = unsafe memchr(base + start, 0x7e, count - start - 3) else { return nil }
            let offset = unsafe UnsafeRawPointer(found) - base
            if unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt32.self) == magic { return offset }
            start = offset + 1
        }
        return nil
    }

    @inline(__always)
    private static func check(_ start: UnsafeRawPointer, availableCount: Int) -> MarkerScan {
        guard availableCount >= byteCount else { return .cut(nil) }
        // SAFETY: all loads are within the first `byteCount` bytes, which are there.
        let digits = unsafe UInt64(bigEndian: start.loadUnaligned(fromByteOffset: checksumOffset, as: UInt64.self))
        guard unsafe digits == hexadecimalDigits(of: checksum(start + 4)) else { return .corrupt(nil) }
        guard unsafe start.load(fromByteOffset: byteCount - 1, as: UInt8.self) == UInt8(ascii: "~") else {
            return .corrupt(nil)
        }
        let marker = unsafe Marker(
            run: UInt32(hexadecimal(start + 4)), channel: UInt32(hexadecimal(start + 12)),
            sequence: UInt32(hexadecimal(start + 20)),
            intended: MonotonicInstant(nanoseconds: hexadecimal(start + 28) << 32 | hexadecimal(start + 36)),
            textByteCount: UInt32(hexadecimal(start + 44)))
        let length = Int(marker.textByteCount)
        guard length >= byteCount, length <= LoadLimits.textByteCountMax else { return .corrupt(nil) }
        guard length <= availableCount else { return .cut(marker) }
        let paddingCount = length - byteCount
        let isWhole = unsafe padding.withUnsafeBytes { pattern in
            // SAFETY: `paddingCount` is at most `textByteCountMax`, the pattern's length, and the text has that many
            // bytes.
            guard paddingCount > 0, let base = pattern.baseAddress else { return paddingCount == 0 }
            return unsafe memcmp(base, start + byteCount, paddingCount) == 0
        }
        return isWhole ? .found(marker) : .corrupt(marker)
    }

    /// The value of eight hexadecimal digits. Other bytes produce an arbitrary number, which the checksum has ruled out
    /// before.
    @inline(__always)
    private static func hexadecimal(_ digits: UnsafeRawPointer) -> UInt64 {
        // SAFETY: the caller has eight bytes there.
        var word = unsafe UInt64(bigEndian: digits.loadUnaligned(as: UInt64.self))
        let letters = (word >> 6) & 0x0101_0101_0101_0101
        word = (word & 0x0f0f_0f0f_0f0f_0f0f) &+ letters &* 9
        word = (word | word >> 4) & 0x00ff_00ff_00ff_00ff
        word = (word | word >> 8) & 0x0000_ffff_0000_ffff
        return (word | word >> 16) & 0xffff_ffff
    }

    /// The eight hexadecimal digits of a number, the first in the high byte.
    @inline(__always)
    private static func hexadecimalDigits(of number: UInt32) -> UInt64 {
        var word = UInt64(number)
        word = (word | word << 16) & 0x0000_ffff_0000_ffff
        word = (word | word << 8) & 0x00ff_00ff_00ff_00ff
        word = (word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f
        let letters = ((word &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return word &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }

    /// A 32-bit checksum of the 48 digits of the fields.
    ///
    /// Each step is a bijection of its state, so a change within one word of eight bytes always reaches the last
    /// step, whose upper half is kept.
    @inline(__always)
    private static func checksum(_ fields: UnsafeRawPointer) -> UInt32 {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        var offset = 0
        while offset < checksumOffset - 4 {
            // SAFETY: the caller has 48 bytes there.
            state ^= unsafe UInt64(littleEndian: fields.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            state = (state ^ state >> 29) &* 0xbf58_476d_1ce4_e5b9
            state ^= state >> 32
            offset += 8
        }
        return UInt32(truncatingIfNeeded: (state &* 0x94d0_49bb_1331_11eb) >> 32)
    }

    /// The checksum of a marker that is being written at `start`.
    static func checksum(ofFieldsIn bytes: Span<UInt8>, at start: Int) -> UInt32 {
        precondition(start >= 0 && start + checksumOffset <= bytes.count)
        // SAFETY: the precondition keeps the fields within the span.
        return unsafe bytes.withUnsafeBytes { unsafe checksum($0.baseAddress.unsafelyUnwrapped + start + 4) }
    }
}
