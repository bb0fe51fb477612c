import Auth
import Primitives
import Testing

@testable import Sessions

@Suite struct StreamOrderTests {
    private let ada = StreamQuota.Slot(of: UserID("ada"))
    private let grace = StreamQuota.Slot(of: UserID("grace"))

    @Test func `the user's own oldest stream is replaced, and no other user's`() {
        var order = StreamOrder()
        let others = order.append(grace, counter: 0, shard: 1)
        let first = order.append(ada, counter: 0, shard: 0)
        let second = order.append(ada, counter: 0, shard: 1)
        #expect(order.removeOldest(of: ada) == first)
        #expect(!order.contains(first, of: ada) && order.contains(second, of: ada))
        #expect(order.removeOldest(of: ada) == second)
        #expect(order.removeOldest(of: ada) == nil)
        #expect(order.contains(others, of: grace))
    }

    @Test func `a stream that ends leaves the order, and one that was replaced has left it`() {
        var order = StreamOrder()
        let first = order.append(ada, counter: 0, shard: 0)
        let second = order.append(ada, counter: 0, shard: 0)
        let removed = order.remove(first, of: ada)
        let isRemovedAgain = order.remove(first, of: ada)
        #expect(removed && !isRemovedAgain)
        #expect(order.removeOldest(of: ada) == second)
        #expect(order.userCount == 0)
    }
}
