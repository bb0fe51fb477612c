import Digests
import Primitives

/// The server's answer to the client's key, which proves that the server understood the handshake (RFC 6455, section
/// 4.2.2): the Base64 text of a SHA-1 digest. SHA-1 is not used for security here, so its weakness does not matter.
///
/// A value of 28 bytes without heap memory.
public struct AcceptKey: Sendable {
    /// The length of the text.
    public static let byteCount = 28

    private static let salt = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)

    private let bytes: InlineArray<28, UInt8>

    /// The answer to a value of `Sec-WebSocket-Key`. No allocation.
    public init(for key: Span<UInt8>) {
        var hash = SHA1()
        hash.update(key)
        hash.update(Self.salt.span)
        bytes = Self.text(of: hash.finalized())
    }

    /// The value of `Sec-WebSocket-Accept`.
    public var text: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text.
    func append(to output: inout [UInt8]) { output.append(contentsOf: bytes.span) }

    /// Six groups of three bytes, and one of two with its padding.
    private static func text(of digest: InlineArray<20, UInt8>) -> InlineArray<28, UInt8> {
        var text = InlineArray<28, UInt8>(repeating: UInt8(ascii: "="))
        for group in 0..<7 {
            let last = group == 6 ? 0 : digest[group * 3 + 2]
            let bits = UInt32(digest[group * 3]) << 16 | UInt32(digest[group * 3 + 1]) << 8 | UInt32(last)
            for index in 0..<(group == 6 ? 3 : 4) {
                text[group * 4 + index] = Base64.character(
                    UInt8(truncatingIfNeeded: bits >> UInt32(18 - 6 * index) & 63))
            }
        }
        return text
    }
}

extension AcceptKey: Hashable {
    /// Whether the texts are the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.bytes.indices.allSatisfy { left.bytes[$0] == right.bytes[$0] }
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) {
        for index in bytes.indices { hasher.combine(bytes[index]) }
    }
}
