extension Timestamp {
    /// Appends the RFC 3339 text, 27 bytes of ASCII; O(1).
    public func append(to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: Self.textByteCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, byteCount in
                guard let target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                // SAFETY: the text has room.
                unsafe store(to: target)
                byteCount = Self.textByteCount
            }
        }
    }

    /// Writes the RFC 3339 text, 27 bytes of ASCII, to memory that has room for it; O(1).
    @unsafe
    public func store(to target: UnsafeMutableRawPointer) {
        let microsecond = Self.floorModulo(microsecondsSinceEpoch, 1_000_000)
        let seconds = (microsecondsSinceEpoch - microsecond) / 1_000_000
        let secondOfDay = Self.floorModulo(seconds, 86_400)
        let (year, month, day) = Self.civil(fromDays: (seconds - secondOfDay) / 86_400)
        // Division by a constant takes the fewest instructions in 32 bits without a sign.
        let (second, fraction) = (UInt32(truncatingIfNeeded: secondOfDay), UInt32(truncatingIfNeeded: microsecond))
        // SAFETY: the caller has room for 27 bytes.
        unsafe Self.store(year / 100, to: target)
        unsafe Self.store(year % 100, to: target + 2)
        unsafe Self.store(month, after: "-", to: target + 4)
        unsafe Self.store(day, after: "-", to: target + 7)
        unsafe Self.store(second / 3600, after: "T", to: target + 10)
        unsafe Self.store(second / 60 % 60, after: ":", to: target + 13)
        unsafe Self.store(second % 60, after: ":", to: target + 16)
        unsafe Self.store(fraction / 10_000, after: ".", to: target + 19)
        unsafe Self.store(fraction / 100 % 100, to: target + 22)
        unsafe Self.store(fraction % 100, to: target + 24)
        unsafe target.storeBytes(of: UInt8(ascii: "Z"), toByteOffset: 26, as: UInt8.self)
    }

    /// Writes two digits; the value is below 100.
    @unsafe
    @inline(__always)
    private static func store(_ value: UInt32, to target: UnsafeMutableRawPointer) {
        // value / 10, exact for values below 179.
        let tens = (value &* 103) >> 10
        let digits = UInt16(truncatingIfNeeded: tens | (value &- tens &* 10) << 8) &+ 0x3030
        unsafe target.storeBytes(of: digits.littleEndian, as: UInt16.self)
    }

    @unsafe
    @inline(__always)
    private static func store(_ value: UInt32, after mark: Unicode.Scalar, to target: UnsafeMutableRawPointer) {
        unsafe target.storeBytes(of: UInt8(ascii: mark), as: UInt8.self)
        unsafe store(value, to: target + 1)
    }
}
