/// An opaque identifier that a client or another service chose, or that this server made as a UUID.
///
/// Two identifiers are equal when their UTF-8 bytes are equal. `String` equality is canonical equivalence and would
/// treat the two spellings of "é" as one shop. The phantom `Kind` prevents a user's identifier from being used as a
/// shop's.
///
/// A request looks its shop and its user up in about a dozen tables, so an identifier carries its hash: 24 bytes, and a
/// copy retains the text alone.
public struct Identifier<Kind>: Hashable, Sendable {
    /// The identifier as in JSON and in the database.
    public let text: String
    /// The hash of the bytes under the seed of this process (SipHash), so that clients cannot construct collisions.
    @usableFromInline
    let seededHash: Int

    /// Wraps `text` as it is; O(n), no allocation.
    @inlinable
    public init(_ text: String) {
        self.text = text
        seededHash = text.seededByteHash
    }

    /// Byte-for-byte equality, O(n); O(1) for most identifiers that are not equal.
    @inlinable
    public static func == (left: Self, right: Self) -> Bool {
        left.seededHash == right.seededHash && left.text.hasSameBytes(as: right.text)
    }

    /// Hashes the hash of the bytes; O(1).
    @inlinable
    public func hash(into hasher: inout Hasher) { hasher.combine(seededHash) }

    /// The hash for a table with this seed; O(1). The stored hash is as good as random, so a table needs no more than a
    /// function of it and the seed in which all bits affect the low ones.
    @inlinable
    public func _rawHashValue(seed: Int) -> Int {
        let mixed = UInt64(bitPattern: Int64(seededHash ^ seed)) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed ^ (mixed >> 32))
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
        let utf8 = text.utf8
        let bytes = utf8.span
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3 }
        hash ^= hash >> 32
        hash = hash &* 0xd6e8_feb8_6659_fd93
        hash ^= hash >> 32
        return hash
    }
}
