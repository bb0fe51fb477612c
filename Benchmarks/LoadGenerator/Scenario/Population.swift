import Primitives

/// The shops, streams and users of a run: their numbers and names.
///
/// The same numbers give the same names in the generator, in its workers and in the members file. Shops are numbered
/// through all groups; so are streams, and those of one shop are consecutive. A user has `streamsPerUser` streams.
package struct Population: Sendable {
    /// The shops.
    package let groups: [ShopGroup]
    /// Streams per user, at least 1: servers limit them.
    package let streamsPerUser: Int
    /// The prefix of all names.
    package let prefix: String

    private let firstShops: [Int]
    private let firstStreams: [Int]

    /// A population of a scenario's shops.
    package init(groups: [ShopGroup], streamsPerUser: Int, prefix: String = "load") {
        precondition(streamsPerUser > 0)
        self.groups = groups
        self.streamsPerUser = streamsPerUser
        self.prefix = prefix
        var shops = [0]
        var streams = [0]
        for group in groups {
            shops.append((shops.last ?? 0) + group.shopCount)
            streams.append((streams.last ?? 0) + group.streamCount)
        }
        firstShops = shops
        firstStreams = streams
    }

    /// The number of shops.
    package var shopCount: Int { firstShops.last ?? 0 }
    /// The number of streams.
    package var streamCount: Int { firstStreams.last ?? 0 }

    /// The numbers of a group's shops.
    package func shops(ofGroup group: Int) -> Range<Int> { firstShops[group]..<firstShops[group + 1] }

    /// The shop of a stream. O(groups).
    package func shop(ofStream stream: Int) -> Int {
        precondition(stream >= 0 && stream < streamCount)
        let group = groups.indices.last { firstStreams[$0] <= stream && groups[$0].streamCount > 0 } ?? 0
        return firstShops[group] + (stream - firstStreams[group]) / max(groups[group].streamsPerShop, 1)
    }

    /// The group of a shop. O(groups).
    package func group(ofShop shop: Int) -> Int { groups.indices.last { firstShops[$0] <= shop } ?? 0 }

    /// The numbers of a shop's streams. O(groups).
    package func streams(ofShop shop: Int) -> Range<Int> {
        let group = group(ofShop: shop)
        let count = groups[group].streamsPerShop
        let first = firstStreams[group] + (shop - firstShops[group]) * count
        return first..<first + count
    }

    /// A shop's identifier.
    package func shopName(_ shop: Int) -> String { "\(prefix)-shop-\(shop)" }
    /// The user that opens a stream.
    package func userName(ofStream stream: Int) -> String { "\(prefix)-user-\(stream / streamsPerUser)" }
    /// The user that posts to every shop.
    package var posterName: String { "\(prefix)-poster" }

    /// Calls `body` with each line of the members file, `shop_id,user_id,role`.
    package func forEachMemberLine(_ body: (String) -> Void) {
        for shop in 0..<shopCount { body("\(shopName(shop)),\(posterName),member") }
        var last: (Int, Int) = (-1, -1)
        for stream in 0..<streamCount {
            let pair = (shop(ofStream: stream), stream / streamsPerUser)
            if pair == last { continue }
            last = pair
            body("\(shopName(pair.0)),\(userName(ofStream: stream)),member")
        }
    }
}
