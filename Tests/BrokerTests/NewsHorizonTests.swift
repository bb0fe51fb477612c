import Chat
import Primitives
import Storage
import Testing

@testable import Broker

@Suite struct NewsHorizonTests {
    @Test func `the horizon follows the transactions two generations later`() {
        var horizon = NewsHorizon()
        #expect(horizon.transaction == nil)
        horizon.saw(100)
        #expect(horizon.transaction == 100)
        horizon.saw(200)
        horizon.turn()
        #expect(
            horizon.transaction == 100, "`RecentChanges` remembers what came since the last turn, not what came before")
        horizon.saw(300)
        horizon.turn()
        #expect(horizon.transaction == 200)
    }

    @Test func `a state is reported again after another one was reported`() {
        var last = LastReported()
        func key(_ text: String) -> RecentChanges.Key {
            RecentChanges.Key("m", text: text, changedAt: 1, isEdited: false)
        }
        #expect(!last.isOther("m", than: key("a")))
        last.note("m", key("b"))
        #expect(last.isOther("m", than: key("a")) && !last.isOther("m", than: key("b")))
        last.turn()
        #expect(last.isOther("m", than: key("a")))
        last.turn()
        #expect(!last.isOther("m", than: key("a")))
    }
}
