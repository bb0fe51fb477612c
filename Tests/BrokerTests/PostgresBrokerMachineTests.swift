import Chat
import Primitives
import Storage
import Testing

@testable import Broker

/// Scripts of events and the actions that they lead to.
@Suite struct PostgresBrokerMachineTests {
    private static let second: UInt64 = 1_000_000_000
    private let start = MonotonicInstant(nanoseconds: second)

    private func created(_ number: Int) -> ChangeNotification { .message(Message.numbered(number).id, .created) }

    private static let nothing = PostgresBrokerAnswer.changes([], rowCount: 0, last: nil)

    private func place(_ time: Int64, _ id: MessageID = "") -> ChangePlace {
        ChangePlace(time: Timestamp(microsecondsSinceEpoch: time), id: id)
    }

    private func page(_ changes: [BrokerEvent], rowCount: Int? = nil, last: ChangePlace? = nil) -> PostgresBrokerAnswer
    {
        .changes(changes, rowCount: rowCount ?? changes.count, last: last)
    }

    private func machine(waitingCountMax: Int) -> PostgresBrokerMachine {
        var settings = PostgresBrokerMachine.Settings()
        settings.waitingCountMax = waitingCountMax
        settings.pageCountMax = 2
        settings.lookUpCountMax = 4
        settings.silence = .seconds(15)
        return PostgresBrokerMachine(settings: settings, start: 5_000_000, jitterSeed: 1, now: start)
    }

    /// A machine that has looked at what came between the server's start and its first LISTEN, 30 s on the database's
    /// clock.
    private func listening(waitingCountMax: Int = 3) -> PostgresBrokerMachine {
        var machine = machine(waitingCountMax: waitingCountMax)
        #expect(machine.ticked(at: start) == [.connect])
        #expect(machine.connected(at: start) == [.prepare])
        #expect(machine.prepared(at: start) == [.askTime])
        #expect(
            machine.answered(.time(30_000_000, holdsLock: true), at: start) == [
                .readDeletions(after: place(5_000_000))
            ],
            "changes before the start are not news")
        #expect(machine.answered(Self.nothing, at: start) == [.readChanges(after: place(5_000_000))])
        #expect(!machine.isUpToDate)
        #expect(machine.answered(Self.nothing, at: start) == [])
        #expect(machine.isUpToDate)
        return machine
    }

    /// A machine whose connection was lost and is back, with its query for what was missed in flight: all is known up
    /// to 30 s on the database's clock.
    private func catchingUp(waitingCountMax: Int = 3) -> PostgresBrokerMachine {
        var machine = listening(waitingCountMax: waitingCountMax)
        machine.disconnected(at: start)
        let later = start + .seconds(1)
        #expect(machine.ticked(at: start) == [])
        #expect(machine.ticked(at: later) == [.connect])
        _ = machine.connected(at: later)
        #expect(machine.prepared(at: later) == [.askTime])
        #expect(
            machine.answered(.time(90_000_000, holdsLock: true), at: later) == [
                .deliver(.missed), .readDeletions(after: place(20_000_000)),
            ])
        #expect(machine.answered(Self.nothing, at: later) == [.readChanges(after: place(20_000_000))])
        return machine
    }

    @Test func `notified messages are looked up, own writes are not`() {
        var machine = listening()
        #expect(machine.notified(created(1), at: start) == [.lookUp(["m1"])])
        #expect(machine.notified(.own, at: start) == [])
        #expect(machine.notified(.unknown, at: start) == [])
        #expect(
            machine.answered(.found([.present(.numbered(1))]), at: start) == [
                .deliverNotified(.messageCreated(.numbered(1)))
            ])
        #expect(machine.isUpToDate)
    }

    @Test func `notifications that wait share a look-up, each message once`() {
        var machine = listening(waitingCountMax: 9)
        #expect(machine.notified(created(1), at: start) == [.lookUp(["m1"])])
        for number in [3, 2] { #expect(machine.notified(created(number), at: start) == []) }
        #expect(machine.notified(.message("m3", .edited), at: start) == [])
        #expect(machine.notified(.message("m4", .edited), at: start) == [])
        #expect(
            machine.answered(.found([.present(.numbered(1))]), at: start) == [
                .deliverNotified(.messageCreated(.numbered(1))), .lookUp(["m3", "m2", "m4"]),
            ])
        var edited = Message.numbered(3)
        edited.updatedAt = 8
        #expect(
            machine.answered(.found([.present(edited), .nothing, .present(.numbered(4))]), at: start) == [
                .deliverNotified(.messageEdited(.numbered(4))), .deliverNotified(.messageCreated(edited)),
            ], "in the order of the times; a message whose creation was not reported is reported as created")
    }

    @Test func `a look-up takes a limited number of messages`() {
        var machine = listening(waitingCountMax: 9)
        _ = machine.notified(created(1), at: start)
        for number in 2...6 { #expect(machine.notified(created(number), at: start) == []) }
        #expect(machine.answered(.found([.nothing]), at: start) == [.lookUp(["m2", "m3", "m4", "m5"])])
        #expect(machine.answered(.found([.nothing, .nothing, .nothing, .nothing]), at: start) == [.lookUp(["m6"])])
    }

    @Test func `a deletion is published when it was notified and the log has it`() {
        let cases: [(MessageHint, FoundMessage, [PostgresBrokerAction])] = [
            (.deleted, .deleted("s"), [.deliverNotified(.messageDeleted("m1", "s"))]),
            (.deleted, .nothing, []), (.deleted, .present(.numbered(1)), []),
            (.edited, .deleted("s"), []),
            ([.edited, .deleted], .deleted("s"), [.deliverNotified(.messageDeleted("m1", "s"))]),
        ]
        for (hint, found, expected) in cases {
            var machine = listening()
            #expect(machine.notified(.message("m1", hint), at: start) == [.lookUp(["m1"])])
            #expect(machine.answered(.found([found]), at: start) == expected, "\(hint) \(found)")
        }
    }

    @Test func `a notification of memberships is reported while a query is in flight`() {
        var machine = listening()
        _ = machine.notified(created(1), at: start)
        #expect(machine.notified(.memberships, at: start) == [.deliver(.membershipsChanged)])
    }

    @Test func `missed changes are reported before later ones`() {
        var machine = catchingUp()
        #expect(machine.notified(created(9), at: start) == [])
        var edited = Message.numbered(7)
        edited.updatedAt = 8
        #expect(
            machine.answered(page([.messageCreated(.numbered(6)), .messageEdited(edited)], rowCount: 1), at: start) == [
                .deliverFound(.messageCreated(.numbered(6))), .deliverFound(.messageEdited(edited)), .lookUp(["m9"]),
            ])
    }

    @Test func `missed changes are read from the time up to which all changes were reported`() {
        var machine = listening()
        // Received 20 s later, and reported; then nothing was received for 3 s.
        #expect(machine.notified(created(1), at: start + .seconds(20)) == [.lookUp(["m1"])])
        _ = machine.answered(.found([.present(.numbered(1))]), at: start + .seconds(20))
        machine.disconnected(at: start + .seconds(23))
        let later = start + .seconds(60)
        _ = machine.ticked(at: later)
        _ = machine.connected(at: later)
        _ = machine.prepared(at: later)
        #expect(
            machine.answered(.time(95_000_000, holdsLock: true), at: later) == [
                .deliver(.missed), .readDeletions(after: place(40_000_000)),
            ])
        // It is not known what was missed before the last page is read: the next connection starts again.
        machine.disconnected(at: later)
        _ = machine.ticked(at: later + .seconds(10))
        _ = machine.connected(at: later)
        _ = machine.prepared(at: later)
        #expect(
            machine.answered(.time(99_000_000, holdsLock: true), at: later) == [
                .deliver(.missed), .readDeletions(after: place(40_000_000)),
            ])
    }

    @Test func `pages are read until one is not full, deletions first`() {
        var machine = listening()
        machine.disconnected(at: start)
        _ = machine.ticked(at: start + .seconds(1))
        _ = machine.connected(at: start)
        _ = machine.prepared(at: start)
        _ = machine.answered(.time(31_000_000, holdsLock: true), at: start)
        #expect(
            machine.answered(
                page([.messageDeleted("a", "s")], rowCount: 2, last: place(21_000_000, "b")), at: start) == [
                    .deliverFound(.messageDeleted("a", "s")), .readDeletions(after: place(21_000_000, "b")),
                ])
        #expect(machine.answered(Self.nothing, at: start) == [.readChanges(after: place(20_000_000))])
        #expect(
            machine.answered(page([], rowCount: 2, last: place(22_000_000, "c")), at: start) == [
                .readChanges(after: place(22_000_000, "c"))
            ], "rows that cannot be read do not end it")
        #expect(machine.answered(Self.nothing, at: start) == [])
        #expect(machine.isUpToDate)
    }

    @Test func `notifications beyond the limit are replaced by a read of the tables`() {
        var machine = catchingUp(waitingCountMax: 2)
        for number in 1...5 { #expect(machine.notified(created(number), at: start) == []) }
        // What arrived since the look began is read again.
        #expect(
            machine.answered(Self.nothing, at: start + .seconds(2)) == [
                .deliver(.missed), .readDeletions(after: place(80_000_000)),
            ])
        #expect(machine.notified(created(6), at: start) == [])
        #expect(machine.answered(Self.nothing, at: start) == [.readChanges(after: place(80_000_000))])
        #expect(
            machine.answered(page([.messageCreated(.numbered(5))], rowCount: 1), at: start) == [
                .deliverFound(.messageCreated(.numbered(5))), .lookUp(["m6"]),
            ])
    }

    @Test func `the lock is held from the first answer until the connection is lost`() {
        var machine = listening()
        #expect(machine.lockStatus == .held)
        machine.disconnected(at: start)
        #expect(machine.lockStatus == .unknown)
        _ = machine.ticked(at: start + .seconds(1))
        _ = machine.connected(at: start + .seconds(1))
        _ = machine.prepared(at: start + .seconds(1))
        #expect(machine.lockStatus == .unknown)
        // Another node took the lock first. The machine asks repeatedly, beside everything else.
        _ = machine.answered(.time(31_000_000, holdsLock: false), at: start + .seconds(1))
        #expect(machine.lockStatus == .taken)
        _ = machine.answered(Self.nothing, at: start + .seconds(1))
        #expect(machine.answered(Self.nothing, at: start + .seconds(1)) == [])
        #expect(machine.ticked(at: start + .milliseconds(1_499)) == [])
        #expect(machine.ticked(at: start + .milliseconds(1_500)) == [.askTime])
        #expect(machine.answered(.time(31_500_000, holdsLock: false), at: start + .milliseconds(1_500)) == [])
        #expect(machine.ticked(at: start + .milliseconds(1_999)) == [])
        #expect(machine.ticked(at: start + .milliseconds(2_000)) == [.askTime])
        #expect(machine.answered(.time(32_000_000, holdsLock: true), at: start + .seconds(2)) == [])
        #expect(machine.lockStatus == .held)
        #expect(machine.ticked(at: start + .seconds(3)) == [])
    }

    @Test func `a connection that does not answer loses the lock`() {
        var machine = listening()
        #expect(machine.ticked(at: start + .seconds(15)) == [.askTime])
        #expect(machine.lockStatus == .held)
        #expect(machine.ticked(at: start + .seconds(23)) == [.disconnect])
        #expect(machine.lockStatus == .unknown)
    }

    @Test func `a silent connection is checked, and closed when it does not answer`() {
        var machine = listening()
        #expect(machine.ticked(at: start + .seconds(14)) == [])
        #expect(machine.ticked(at: start + .seconds(15)) == [.askTime])
        #expect(machine.answered(.time(46_000_000, holdsLock: true), at: start + .seconds(16)) == [])
        #expect(machine.ticked(at: start + .seconds(31)) == [.askTime])
        #expect(machine.ticked(at: start + .seconds(38)) == [])
        #expect(machine.ticked(at: start + .seconds(39)) == [.disconnect])
        #expect(machine.ticked(at: start + .seconds(40)) == [.connect])
    }

    @Test func `a connect that takes too long is retried after longer and longer pauses`() {
        var machine = machine(waitingCountMax: 2)
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<8 {
            var waited: Duration = .zero
            while machine.ticked(at: now + waited) != [.connect] { waited += .milliseconds(50) }
            pauses.append(waited)
            now = now + waited + .seconds(5)
            #expect(machine.ticked(at: now) == [.disconnect])
        }
        #expect(pauses[0] == .zero && pauses[1] <= .milliseconds(500) && pauses[7] >= .seconds(5))
        #expect(pauses.allSatisfy { $0 <= .seconds(10) })
    }

    @Test func `a write of unknown outcome is looked up until the database cannot apply it any more`() {
        var machine = listening()
        let message = Message.numbered(1)
        let append = RecentChanges.Doubt(id: message.id, outcome: .changed(at: message.createdAt))
        let delete = RecentChanges.Doubt(id: "m2", outcome: .deleted(from: "shop"))
        #expect(machine.doubted([append, delete], at: start) == [.resolve(message.id, changedAt: message.createdAt)])
        // Not there yet; the other was deleted.
        #expect(machine.answered(.message(nil), at: start) == [.resolve("m2", changedAt: nil)])
        #expect(machine.answered(.message(nil), at: start) == [.deliverFound(.messageDeleted("m2", "shop"))])
        #expect(machine.ticked(at: start) == [])
        #expect(machine.ticked(at: start + .seconds(1)) == [.resolve(message.id, changedAt: message.createdAt)])
        #expect(
            machine.answered(.message(message), at: start + .seconds(1)) == [.deliverFound(.messageCreated(message))])
        #expect(machine.ticked(at: start + .seconds(5)) == [])

        // An edit that was not applied.
        let edit = RecentChanges.Doubt(id: message.id, outcome: .changed(at: 77))
        #expect(machine.doubted([edit], at: start + .seconds(5)) == [.resolve(message.id, changedAt: 77)])
        #expect(machine.answered(.message(message), at: start + .seconds(19)) == [])
        #expect(machine.ticked(at: start + .seconds(20)) == [.resolve(message.id, changedAt: 77)])
        #expect(machine.answered(.message(message), at: start + .seconds(20)) == [])
        #expect(machine.ticked(at: start + .seconds(30)) == [])
    }

    @Test func `an unknown outcome outlives the connection`() {
        var machine = listening()
        let doubt = RecentChanges.Doubt(id: "m1", outcome: .changed(at: 1))
        #expect(machine.doubted([doubt], at: start) == [.resolve("m1", changedAt: 1)])
        machine.disconnected(at: start)
        _ = machine.ticked(at: start + .seconds(1))
        _ = machine.connected(at: start)
        _ = machine.prepared(at: start)
        _ = machine.answered(.time(31_000_000, holdsLock: true), at: start)
        _ = machine.answered(Self.nothing, at: start)
        #expect(machine.answered(Self.nothing, at: start) == [.resolve("m1", changedAt: 1)])
    }
}
