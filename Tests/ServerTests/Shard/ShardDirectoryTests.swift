import Primitives
import Testing

@testable import Server

@Suite struct ShardDirectoryTests {
    private let directories = (0..<4).map { ShardDirectory(ownIndex: $0, members: ["a", "b", "c", "d"]) }

    @Test func `all shards name the same owner`() {
        for number in 0..<100 {
            let shop = Set(directories.map { $0.ownerIndex(of: ShopID("shop-\(number)")) })
            let user = Set(directories.map { $0.ownerIndex(of: UserID("user-\(number)")) })
            let address = Set(directories.map { $0.ownerIndex(of: PeerAddress(ipv4: UInt32(number))) })
            #expect([shop.count, user.count, address.count] == [1, 1, 1])
        }
    }

    @Test func `shops, users and addresses are spread over all shards`() {
        var counts = Array(repeating: Array(repeating: 0, count: 4), count: 3)
        for number in 0..<4_000 {
            counts[0][directories[0].ownerIndex(of: ShopID("shop-\(number)"))] += 1
            counts[1][directories[0].ownerIndex(of: UserID("user-\(number)"))] += 1
            counts[2][directories[0].ownerIndex(of: PeerAddress(ipv4: 0x0a00_0000 + UInt32(number)))] += 1
        }
        for count in counts.joined() { #expect((850...1_150).contains(count)) }
    }

    @Test func `the addresses of one IPv6 subscriber have one owner`() {
        let owners = (0..<100).map { PeerAddress(high: 0x2001_0db8_0000_0001, low: $0 &* 0x1234_5678_9abc_def1) }
        #expect(Set(owners.map { directories[0].ownerIndex(of: $0) }).count == 1)
    }

    @Test func `a directory without members is empty, and one with members finds them by index`() {
        #expect(ShardDirectory<String>(ownIndex: 2).isEmpty)
        #expect(!directories[1].isEmpty && directories[1].ownIndex == 1 && directories[1][2] == "c")
    }
}
