import Primitives

/// The beginning of every message's text, by which a receiver can check the message.
///
/// It is ASCII that needs no escape in JSON. A scan for its first four bytes finds it in any context: in the fields of
/// a server's own JSON, or in the body of the POST as it was sent. All numbers are hexadecimal, of fixed width:
/// ```
/// ~SL1 run:8 channel:8 sequence:8 intended:16 textByteCount:8 checksum:8 ~ padding…
/// ```
/// (without the spaces). The checksum covers the fields. The padding is the beginning of one fixed pattern, so that
/// every byte of the text is checked.
package struct Marker: Hashable, Sendable {
    /// Identifies the run, so that messages of an earlier one are recognised.
    package var run: UInt32
    /// The channel: the shop's number within the run's population times the writers of a shop, plus the writer.
    package var channel: UInt32
    /// The number of the message in its channel, from 1.
    package var sequence: UInt32
    /// The intended send time, on this machine's monotonic clock.
    package var intended: MonotonicInstant
    /// The length of the whole text in bytes, marker and padding.
    package var textByteCount: UInt32

    /// Creates a marker.
    package init(run: UInt32, channel: UInt32, sequence: UInt32, intended: MonotonicInstant, textByteCount: UInt32) {
        self.run = run
        self.channel = channel
        self.sequence = sequence
        self.intended = intended
        self.textByteCount = textByteCount
    }
}

extension Marker {
    /// The length of the marker in bytes, which is the shortest text.
    package static let byteCount = 61
    /// The bytes that a scan looks for.
    static let magic: [UInt8] = Array("~SL1".utf8)
    /// Where the checksum begins.
    static let checksumOffset = 52

    /// The pattern that fills texts: `LoadLimits.textByteCountMax` bytes without quotes, backslashes or the magic.
    static let padding: [UInt8] = {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        // Rows of 62 letters, each starting one letter later: a shift by up to 3,844 bytes is noticed.
        return (0..<LoadLimits.textByteCountMax).map { alphabet[($0 + $0 / alphabet.count) % alphabet.count] }
    }()

    /// Appends the text: the marker and its padding. O(n).
    ///
    /// - Precondition: `byteCount <= textByteCount <= LoadLimits.textByteCountMax`.
    package func appendText(to bytes: inout [UInt8]) {
        let length = Int(textByteCount)
        precondition(length >= Self.byteCount && length <= LoadLimits.textByteCountMax)
        let start = bytes.count
        bytes += Self.magic
        Self.appendHexadecimal(UInt64(run), digitCount: 8, to: &bytes)
        Self.appendHexadecimal(UInt64(channel), digitCount: 8, to: &bytes)
        Self.appendHexadecimal(UInt64(sequence), digitCount: 8, to: &bytes)
        Self.appendHexadecimal(intended.nanoseconds, digitCount: 16, to: &bytes)
        Self.appendHexadecimal(UInt64(textByteCount), digitCount: 8, to: &bytes)
        let checksum = Self.checksum(ofFieldsIn: bytes.span, at: start)
        Self.appendHexadecimal(UInt64(checksum), digitCount: 8, to: &bytes)
        bytes.append(UInt8(ascii: "~"))
        bytes += Self.padding[..<(length - Self.byteCount)]
    }

    private static func appendHexadecimal(_ value: UInt64, digitCount: Int, to bytes: inout [UInt8]) {
        for index in stride(from: digitCount - 1, through: 0, by: -1) {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * index)) & 15
            bytes.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
