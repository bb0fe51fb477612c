import Chat
import Primitives
import Testing

@testable import Storage

@Suite struct RecentChangesTests {
    @Test func `a change is noted once, and the oldest are forgotten`() {
        let recent = RecentChanges(countMax: 4)
        func note(_ id: MessageID, _ text: String = "x", _ time: Timestamp = 1, isEdited: Bool = false) -> Bool {
            recent.note(RecentChanges.Key(id, text: text, changedAt: time, isEdited: isEdited))
        }
        #expect(note("a"))
        #expect(!note("a"))
        #expect(note("a", "y"), "another text at the same time is another change")
        #expect(!note("a"), "two make a generation; the older one counts")
        #expect(note("a", "y", 2) && note("a", isEdited: true))
        #expect(note("a"), "two generations came after it")
        recent.turn()
        #expect(!note("a"))
        recent.turn()
        #expect(note("a"))
    }

    @Test func `a write of unknown outcome counts as new when it appears`() {
        let recent = RecentChanges()
        let key = RecentChanges.Key(endOf: "a")
        let doubt = RecentChanges.Doubt(id: "a", outcome: .deleted(from: "shop"))
        #expect(recent.note(key))
        recent.doubt(key, doubt)
        #expect(recent.takeDoubts() == [doubt])
        #expect(recent.takeDoubts() == [])
        #expect(recent.note(key))
    }
}
