/// Sixteen bytes of a text, compared at once. A value as wide as the vectors of every x86-64 processor; its operations
/// cost a few instructions each.
///
/// The comparisons name the concrete types of their operands: with a generic one the compiler emits a loop over the
/// bytes.
public struct ByteBlock: Equatable, Sendable {
    /// The number of bytes of a block.
    @inlinable
    public static var byteCount: Int { 16 }

    /// The bytes.
    public let bytes: SIMD16<UInt8>

    /// The block that begins at an index; nil when fewer bytes follow.
    ///
    /// - Precondition: `index` is not negative.
    @inlinable
    @inline(__always)
    public init?(_ text: Span<UInt8>, at index: Int) {
        precondition(index >= 0)
        guard text.count &- index >= Self.byteCount else { return nil }
        // SAFETY: 16 bytes follow the index.
        bytes = unsafe text.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: SIMD16<UInt8>.self)
    }

    /// The block at an address.
    @unsafe
    @inlinable
    @inline(__always)
    public init(loadedFrom address: UnsafeRawPointer) {
        // SAFETY: the caller has 16 bytes there.
        bytes = unsafe address.loadUnaligned(as: SIMD16<UInt8>.self)
    }

    @inlinable
    @inline(__always)
    init(_ bytes: SIMD16<UInt8>) { self.bytes = bytes }

    /// Whether both have the same bytes where `mask` has ones.
    @inlinable
    @inline(__always)
    public func isEqual(to other: ByteBlock, where mask: ByteBlock) -> Bool {
        ByteBlock((bytes ^ other.bytes) & mask.bytes).isZero
    }

    /// Whether all bytes are zero.
    @inlinable
    @inline(__always)
    public var isZero: Bool {
        // SAFETY: both are 16 bytes.
        let halves = unsafe unsafeBitCast(bytes, to: SIMD2<UInt64>.self)
        return halves[0] | halves[1] == 0
    }

    /// Some of a block's bytes.
    public struct Selection: Sendable {
        @usableFromInline
        let mask: SIMDMask<SIMD16<Int8>>

        @inlinable
        @inline(__always)
        init(_ mask: SIMDMask<SIMD16<Int8>>) { self.mask = mask }

        /// The bytes of both selections.
        @inlinable
        @inline(__always)
        public static func | (left: Self, right: Self) -> Self { Self(left.mask .| right.mask) }

        // SAFETY: a mask has the size of its vector, and each byte is all ones or all zeros.
        @inlinable
        @inline(__always)
        var halves: SIMD2<UInt64> { unsafe unsafeBitCast(mask, to: SIMD2<UInt64>.self) }

        /// The bytes that are in both selections.
        @inlinable
        @inline(__always)
        public static func & (left: Self, right: Self) -> Self { Self(left.mask .& right.mask) }

        /// Whether no byte is selected. In a loop over blocks, cheaper than `firstOffset`.
        @inlinable
        @inline(__always)
        public var isEmpty: Bool { halves[0] | halves[1] == 0 }

        /// The offset of the first selected byte in the block; 16 when none is selected.
        @inlinable
        @inline(__always)
        public var firstOffset: Int {
            let halves = halves
            return halves[0] != 0
                ? UInt64(littleEndian: halves[0]).trailingZeroBitCount >> 3
                : 8 &+ UInt64(littleEndian: halves[1]).trailingZeroBitCount >> 3
        }
    }

    /// Whether both have the same bytes.
    @inlinable
    @inline(__always)
    public static func == (left: Self, right: Self) -> Bool {
        let difference = left.bytes ^ right.bytes
        // SAFETY: both are 16 bytes.
        let halves = unsafe unsafeBitCast(difference, to: SIMD2<UInt64>.self)
        return halves[0] | halves[1] == 0
    }

    /// The bytes that equal `byte`.
    @inlinable
    @inline(__always)
    public func equal(to byte: UInt8) -> Selection {
        let wanted: SIMD16<UInt8> = .init(repeating: byte)
        return Selection(bytes .== wanted)
    }

    /// The bytes below `bound`.
    @inlinable
    @inline(__always)
    public func below(_ bound: UInt8) -> Selection {
        let bounds: SIMD16<UInt8> = .init(repeating: bound)
        return Selection(bytes .< bounds)
    }

    /// The bytes that are before or after a range of ASCII characters.
    @inlinable
    @inline(__always)
    public func outside(_ first: Unicode.Scalar, to last: Unicode.Scalar) -> Selection {
        let lower: SIMD16<UInt8> = .init(repeating: UInt8(ascii: first))
        let width: SIMD16<UInt8> = .init(repeating: UInt8(ascii: last) &- UInt8(ascii: first))
        return Selection((bytes &- lower) .> width)
    }

    /// The block in which all bytes have the bits of `mask` set.
    @inlinable
    @inline(__always)
    public func settingBits(_ mask: UInt8) -> ByteBlock {
        let masks: SIMD16<UInt8> = .init(repeating: mask)
        return ByteBlock(bytes | masks)
    }

    /// The block in which all bytes have the bits of `mask` inverted.
    @inlinable
    @inline(__always)
    public func invertingBits(_ mask: UInt8) -> ByteBlock {
        let masks: SIMD16<UInt8> = .init(repeating: mask)
        return ByteBlock(bytes ^ masks)
    }

    /// The bytes below `bound`, which is ASCII, and those that are not ASCII. One comparison: as signed numbers, the
    /// latter are negative.
    @inlinable
    @inline(__always)
    public func belowOrBeyondASCII(_ bound: Int8) -> Selection {
        // SAFETY: both are 16 bytes, and every byte is a number of either type.
        let signed = unsafe unsafeBitCast(bytes, to: SIMD16<Int8>.self)
        let bounds: SIMD16<Int8> = .init(repeating: bound)
        return Selection(signed .< bounds)
    }
}

extension Span<UInt8> {
    /// Four bytes from an index on as a number whose lowest byte is the first. Bytes past the end count as 0. O(1).
    ///
    /// - Precondition: `index` is not negative.
    @inlinable
    @inline(__always)
    public func littleEndianWord(at index: Int) -> UInt32 {
        precondition(index >= 0)
        guard count &- index >= 4 else { return lastLittleEndianWord(at: index) }
        // SAFETY: 4 bytes follow the index.
        return unsafe UInt32(
            littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt32.self))
    }

    @usableFromInline
    @inline(never)
    func lastLittleEndianWord(at index: Int) -> UInt32 {
        var word: UInt32 = 0
        for offset in 0..<3 where index + offset < count { word |= UInt32(self[index + offset]) << UInt32(8 * offset) }
        return word
    }

    /// Whether both have the same bytes. O(n), no allocation.
    @inlinable
    public func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        let lastStart = count &- ByteBlock.byteCount
        guard lastStart >= 0 else {
            for index in indices where self[index] != other[index] { return false }
            return true
        }
        var index = 0
        while index < count {
            // The last block ends with the text.
            let start = Swift.min(index, lastStart)
            guard ByteBlock(self, at: start) == ByteBlock(other, at: start) else { return false }
            index &+= ByteBlock.byteCount
        }
        return true
    }

    /// The first index of a byte from `start` on, nil when there is none. O(n), no allocation.
    ///
    /// - Precondition: `start` is not negative.
    @inlinable
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while let block = ByteBlock(self, at: index) {
            let found = block.equal(to: byte)
            if !found.isEmpty { return index &+ found.firstOffset }
            index &+= ByteBlock.byteCount
        }
        // The last bytes are searched as the end of one more block, when the bytes before them were searched too.
        if index > start {
            let last = count &- ByteBlock.byteCount
            guard index < count, let block = ByteBlock(self, at: last) else { return nil }
            let found = block.equal(to: byte)
            return found.isEmpty ? nil : last &+ found.firstOffset
        }
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }
}
