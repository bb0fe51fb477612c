/// The sequences of bytes that represent scalars beyond ASCII in UTF-8 (RFC 3629).
public enum UTF8Sequence {
    /// The length of the valid sequence of two to four bytes in the low end of `word`, or 0 when there is none.
    ///
    /// The first test of each length compares the marker bits of all its bytes at once. The other tests check the bits
    /// that must not all be zero in the shortest form, and the lead and second bytes at the end of the range.
    @inlinable
    @inline(__always)
    public static func byteCount(atLowEndOf word: UInt32) -> Int {
        if word & 0x0000_C0E0 == 0x0000_80C0 {
            return word & 0x0000_001E != 0 ? 2 : 0
        }
        if word & 0x00C0_C0F0 == 0x0080_80E0 {
            let leadBits = word & 0x0000_200F
            // Not overlong (lead E0 with a second byte below A0), not a surrogate (lead ED with a second byte from A0).
            return leadBits != 0 && leadBits != 0x0000_200D ? 3 : 0
        }
        if word & 0xC0C0_C0F8 == 0x8080_80F0 {
            // Not overlong (lead F0 with a second byte below 90), not over U+10FFFF (lead F4 with a second byte from
            // 90, or F5…F7).
            let isShortest = word & 0x0000_3007 != 0
            let isInRange = word & 0x0000_0004 == 0 || word & 0x0000_3003 == 0
            return isShortest && isInRange ? 4 : 0
        }
        return 0
    }
}
