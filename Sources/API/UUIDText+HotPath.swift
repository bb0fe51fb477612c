extension UUIDText {
    /// The text of a UUID: the hexadecimal digits of both halves, with dashes.
    static func text(high: UInt64, low: UInt64) -> String {
        let first = digits(UInt32(truncatingIfNeeded: high >> 32))
        let second = digits(UInt32(truncatingIfNeeded: high))
        let third = digits(UInt32(truncatingIfNeeded: low >> 32))
        let fourth = digits(UInt32(truncatingIfNeeded: low))
        return unsafe String(unsafeUninitializedCapacity: byteCount) { buffer in
            // SAFETY: the buffer has at least 36 bytes, and all of them are written: 8-4-4-4-12 digits and the dashes.
            guard let start = UnsafeMutableRawPointer(buffer.baseAddress) else { return 0 }
            unsafe store(first, to: start)
            unsafe store(second, split: (start + 9, start + 14))
            unsafe store(third, split: (start + 19, start + 24))
            unsafe store(fourth, to: start + 28)
            for index in dashes { unsafe start.storeBytes(of: UInt8(ascii: "-"), toByteOffset: index, as: UInt8.self) }
            return byteCount
        }
    }

    /// Eight digits in lower case; the first is in the lowest byte.
    @inline(__always)
    private static func digits(_ value: UInt32) -> UInt64 {
        // The digits' values, a byte each, the last in the lowest.
        var nibbles = UInt64(value)
        nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff
        nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff
        nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f
        // Ones where a value is above 9: letters come 39 characters later than the digits that would follow.
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 39).byteSwapped
    }

    @unsafe
    @inline(__always)
    private static func store(_ digits: UInt64, to target: UnsafeMutableRawPointer) {
        unsafe target.storeBytes(of: digits.littleEndian, as: UInt64.self)
    }

    @unsafe
    @inline(__always)
    private static func store(
        _ digits: UInt64, split targets: (first: UnsafeMutableRawPointer, second: UnsafeMutableRawPointer)
    ) {
        unsafe targets.first.storeBytes(of: UInt32(truncatingIfNeeded: digits).littleEndian, as: UInt32.self)
        unsafe targets.second.storeBytes(of: UInt32(truncatingIfNeeded: digits >> 32).littleEndian, as: UInt32.self)
    }
}
