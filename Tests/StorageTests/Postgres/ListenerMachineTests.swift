import Primitives
import Testing

@testable import Storage

/// How the listener keeps its connection and the order of changes, as scripts of events and actions.
@Suite struct ListenerMachineTests {
    private static let second: UInt64 = 1_000_000_000
    private let start = MonotonicInstant(nanoseconds: second)

    private func created(_ number: Int) -> ChangeNotification { .change(.messageCreated(.numbered(number))) }

    private func listening(waitingCountMax: Int = 3) -> ListenerMachine {
        var settings = ListenerMachine.Settings()
        settings.waitingCountMax = waitingCountMax
        var machine = ListenerMachine(settings: settings, now: start)
        #expect(machine.ticked(at: start) == [.connect])
        #expect(machine.connected(at: start) == [.prepare])
        #expect(machine.prepared(latest: 0, at: start) == [], "nobody missed what came before the first time")
        return machine
    }

    /// A machine whose connection was lost and is back, with its query for what was missed under way.
    private func catchingUp(waitingCountMax: Int = 3) -> ListenerMachine {
        var machine = listening(waitingCountMax: waitingCountMax)
        machine.disconnected(at: start)
        let later = start + .seconds(1)
        #expect(machine.ticked(at: start) == [])
        #expect(machine.ticked(at: later) == [.connect])
        _ = machine.connected(at: later)
        #expect(
            machine.prepared(latest: 30_000_000, at: later) == [.deliver(.missed), .catchUp(since: 20_000_000)])
        return machine
    }

    @Test func `changes are told as they come, our own are not`() {
        var machine = listening()
        #expect(machine.notified(created(1), at: start) == [.deliver(.messageCreated(.numbered(1)))])
        #expect(machine.notified(.own, at: start) == [])
        #expect(machine.notified(.unknown, at: start) == [])
    }

    @Test func `what was missed is told before what came after it`() {
        var machine = catchingUp()
        #expect(machine.notified(created(9), at: start) == [])
        var edited = Message.numbered(7)
        edited.updatedAt = 8
        #expect(
            machine.answered([.numbered(6), edited], latest: 8, at: start) == [
                .deliver(.messageCreated(.numbered(6))), .deliver(.messageEdited(edited)),
                .deliver(.messageCreated(.numbered(9))),
            ])
    }

    @Test func `a message that is too large is read in its place`() {
        var machine = listening()
        #expect(machine.notified(.large("m1", isEdit: false), at: start) == [.fetch("m1")])
        #expect(machine.notified(.large("m2", isEdit: true), at: start) == [])
        #expect(machine.notified(created(3), at: start) == [])
        #expect(
            machine.answered([.numbered(1)], latest: 1, at: start) == [
                .deliver(.messageCreated(.numbered(1))), .fetch("m2"),
            ])
        // It was deleted meanwhile.
        #expect(machine.answered([], latest: 1, at: start) == [.deliver(.messageCreated(.numbered(3)))])
    }

    @Test func `more notifications than may wait are read from the table instead`() {
        var machine = catchingUp(waitingCountMax: 2)
        for number in 1...5 { #expect(machine.notified(created(number), at: start) == []) }
        #expect(
            machine.answered([], latest: 40_000_000, at: start) == [
                .deliver(.missed), .catchUp(since: 30_000_000),
            ])
        #expect(machine.notified(created(6), at: start) == [])
        #expect(
            machine.answered([.numbered(5)], latest: 5, at: start) == [
                .deliver(.messageCreated(.numbered(5))), .deliver(.messageCreated(.numbered(6))),
            ])
    }

    @Test func `a silent connection is asked, and given up when it does not answer`() {
        var machine = listening()
        #expect(machine.ticked(at: start + .seconds(14)) == [])
        #expect(machine.ticked(at: start + .seconds(15)) == [.ping])
        #expect(machine.answered([], latest: 0, at: start + .seconds(16)) == [])
        #expect(machine.ticked(at: start + .seconds(31)) == [.ping])
        #expect(machine.ticked(at: start + .seconds(38)) == [])
        #expect(machine.ticked(at: start + .seconds(39)) == [.disconnect])
        #expect(machine.ticked(at: start + .seconds(40)) == [.connect])
    }

    @Test func `a connect that takes too long is given up and tried again`() {
        var machine = ListenerMachine(settings: ListenerMachine.Settings(), now: start)
        #expect(machine.ticked(at: start) == [.connect])
        #expect(machine.ticked(at: start + .seconds(5)) == [.disconnect])
        #expect(machine.ticked(at: start + .seconds(6)) == [.connect])
    }

    @Test func `a change is noted once, and the oldest are forgotten`() {
        let recent = RecentChanges(since: 5, countMax: 2)
        #expect(recent.latest == 5)
        #expect(recent.note("a", changedAt: 1) && recent.latest == 5)
        #expect(!recent.note("a", changedAt: 1))
        #expect(recent.note("a", changedAt: 7) && recent.latest == 7)
        #expect(recent.note("b", changedAt: 6) && recent.latest == 7)
        #expect(!recent.note("a", changedAt: 7))
        #expect(recent.note("a", changedAt: 1), "two came after it")
    }
}

/// What the triggers say, understood.
@Suite struct ChangeNotificationTests {
    private func read(_ payload: String) -> ChangeNotification { ChangeNotification(payload, ownOrigin: "node-1") }

    @Test func `our own writes are known by their beginning`() {
        #expect(read("node-1 {\"op\" : \"INSERT\", and anything at all") == .own)
        #expect(read("node-12 {\"op\" : \"DELETE\", \"id\" : \"m\", \"shop_id\" : \"s\"}") != .own)
    }

    @Test func `memberships are told whoever changed them`() {
        for origin in ["", "node-1", "node-2"] {
            let payload = "\(origin) {\"op\" : \"MEMBER\", \"shop_id\" : \"s 1\", \"user_id\" : \"u\"}"
            #expect(read(payload) == .change(.membershipChanged("s 1", "u")))
        }
    }

    @Test func `a message comes whole, or by its id when it is large`() {
        let whole = """
             {"op" : "INSERT", "id" : "m1", "shop_id" : "s", "user_id" : "u", "message" : "\\u00e9 \\"x\\"", \
            "parent_id" : null, "username" : "Ada", "is_edited" : false, "created_at" : 7, "updated_at" : null}
            """
        var message = Message(id: "m1", shopID: "s", userID: "u", text: "é \"x\"", createdAt: 7)
        message.username = "Ada"
        #expect(read(whole) == .change(.messageCreated(message)))
        #expect(read(" {\"op\" : \"UPDATE\", \"id\" : \"m1\", \"shop_id\" : \"s\"}") == .large("m1", isEdit: true))
        #expect(
            read(" {\"op\" : \"DELETE\", \"id\" : \"m1\", \"shop_id\" : \"s\"}") == .change(.messageDeleted("m1", "s")))
    }

    @Test(arguments: [
        "", "x", "node-2 ", "node-2 {}", " {\"op\":\"TRUNCATE\",\"shop_id\":\"s\"}", " {\"op\":\"INSERT\"}",
    ])
    func `what our triggers do not send is passed over`(payload: String) {
        #expect(read(payload) == .unknown)
    }
}
