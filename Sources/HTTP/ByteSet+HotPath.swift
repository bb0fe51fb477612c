import Primitives

/// A class of characters in the grammar of HTTP. No byte above 127 is in one.
struct ByteSet {
    /// Its bit in the letters of `letters`.
    let bit: UInt8

    /// `tchar` of RFC 9110, section 5.6.2.
    static var token: ByteSet { ByteSet(bit: 1) }

    /// The bytes of a target: visible ASCII except the delimiters of a URI in text (`"`, `<`, `>`) and the mark of a
    /// fragment (`#`). Accepts more than the grammar: the characters that browsers send unencoded (`|`, `[`, `{` …).
    static var target: ByteSet { ByteSet(bit: 2) }

    /// The same for a path: without `?`, which ends it, without the percent sign, whose digits must be checked, and
    /// without the backslash, which some clients treat as a slash.
    static var path: ByteSet { ByteSet(bit: 4) }

    /// The characters of a `reg-name` (RFC 3986, section 3.2.2) without the percent sign, and without the comma: a list
    /// of hosts would otherwise pass as one host.
    static var host: ByteSet { ByteSet(bit: 8) }

    /// A letter for each byte. Its lower bits are the bits of the sets that contain the byte.
    private static var letters: StaticString {
        """
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
        @O@AOCOONNOOFOOFOOOOOOOOOOFN@N@B\
        FOOOOOOOOOOOOOOOOOOOOOOOOOOFBFGO\
        GOOOOOOOOOOOOOOOOOOOOOOOOOOFGFO@\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        """
    }

    /// Whether `byte` is in the set.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        // SAFETY: there are 256 letters, which live as long as the process.
        unsafe Self.letters.utf8Start[Int(byte)] & bit != 0
    }

    /// The first index at or after `start` of a byte that is not in the set; the count when there is none.
    @inline(__always)
    func end(in bytes: Span<UInt8>, from start: Int = 0) -> Int {
        precondition(start >= 0)
        let count = bytes.count
        let letters = unsafe Self.letters.utf8Start
        var index = start
        // Blocks of the characters that are usual: those that are not may still be in the set.
        while let block = ByteBlock(bytes, at: index) {
            let unusual = unusual(in: block)
            index &+= unusual.firstOffset
            guard unusual.isEmpty else { break }
        }
        // SAFETY: index < count. There are 256 letters.
        while index < count, unsafe letters[Int(bytes[unchecked: index])] & bit != 0 { index &+= 1 }
        return index
    }

    /// The bytes of a block that are neither letters, digits, hyphens nor points, which are in all sets, nor slashes,
    /// which are in that of paths.
    @inline(__always)
    private func unusual(in block: ByteBlock) -> ByteBlock.Selection {
        let found = block.outside("-", to: "9") & block.settingBits(0x20).outside("a", to: "z")
        return bit & Self.path.bit != 0 ? found : found | block.equal(to: ASCII.slash)
    }

    /// Whether all of `bytes` are in the set.
    func containsAll(_ bytes: Span<UInt8>) -> Bool { end(in: bytes) == bytes.count }
}
