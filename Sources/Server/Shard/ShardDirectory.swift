import Primitives

/// The shards of the server, and which of them owns what.
///
/// All shards map shops, users and addresses to their owners by the same hash. A value; empty until all shards are
/// made, and unchanged after that. Every look-up is O(1). Generic over the shard, so that tests need none.
struct ShardDirectory<Member> {
    /// The index of the shard that has this directory.
    let ownIndex: Int
    /// All shards by index, this one included.
    let members: [Member]

    /// The directory of shard `ownIndex`.
    init(ownIndex: Int, members: [Member] = []) {
        self.ownIndex = ownIndex
        self.members = members
    }

    /// Whether the shards do not know each other yet.
    var isEmpty: Bool { members.isEmpty }

    /// The shard of this index.
    subscript(index: Int) -> Member { members[index] }

    /// The index of the shard that owns a shop.
    func ownerIndex(of shop: ShopID) -> Int { Int(shop.stableHash % UInt64(members.count)) }

    /// The index of the shard that counts a user's streams, requests and attempts.
    func ownerIndex(of user: UserID) -> Int { Int(user.stableHash % UInt64(members.count)) }

    /// The index of the shard that counts an address's connections and attempts.
    func ownerIndex(of address: PeerAddress) -> Int {
        // Fibonacci hashing: the low bits alone would put every address of a network on one shard.
        let key = address.countedNetwork
        let hash = (key.high ^ key.low) &* 0x9e37_79b9_7f4a_7c15
        return Int((hash >> 32) % UInt64(members.count))
    }
}
