/// An opaque identifier that a client or another service chose, or that this server made as a UUID.
///
/// Two identifiers are equal when their UTF-8 bytes are equal. `String` equality is canonical equivalence and would
/// treat the two spellings of "é" as one shop. The phantom `Kind` prevents a user's identifier from being used as a
/// shop's.
public struct Identifier<Kind>: Hashable, Sendable {
    /// The identifier as in JSON and in the database.
    public let text: String

    /// Wraps `text` as it is; O(1), no allocation.
    public init(_ text: String) {
        self.text = text
    }

    /// Byte-for-byte equality, O(n).
    public static func == (left: Self, right: Self) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes the UTF-8 bytes, as equality compares them.
    public func hash(into hasher: inout Hasher) {
        // SAFETY: the bytes are hashed before the closure returns.
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension Identifier: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}

/// The kinds of identifier.
public enum IdentifierKind {
    /// A shop: the unit of ordering and of sharding.
    public enum Shop {}
    /// A user: the `sub` of a token.
    public enum User {}
    /// A message of a shop.
    public enum Message {}
}

/// Names a shop.
public typealias ShopID = Identifier<IdentifierKind.Shop>
/// Names a user.
public typealias UserID = Identifier<IdentifierKind.User>
/// Names a message.
public typealias MessageID = Identifier<IdentifierKind.Message>

extension Identifier {
    /// A 64-bit hash that is the same in every process and release (FNV-1a with a final mix), so that it may decide
    /// which reactor, or later which node, owns the identifier. O(n), no allocation. Not for hash tables: a client
    /// can construct collisions.
    public var stableHash: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        hash ^= hash >> 32
        hash = hash &* 0xd6e8_feb8_6659_fd93
        hash ^= hash >> 32
        return hash
    }
}
