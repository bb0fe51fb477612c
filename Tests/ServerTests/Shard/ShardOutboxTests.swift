import Testing

@testable import Server

@Suite struct ShardOutboxTests {
    /// A mailbox that takes so many commands.
    private struct Mailbox {
        var room: Int
        var taken: [Int] = []

        mutating func post(_ command: Int) -> Bool {
            guard taken.count < room else { return false }
            taken.append(command)
            return true
        }
    }

    @Test func `a command is sent at once, and waits while the mailbox is full`() {
        var outbox = ShardOutbox<Int>(shardCount: 2)
        var mailbox = Mailbox(room: 1)
        outbox.send(1, to: 1) { mailbox.post($0) }
        #expect(outbox.isEmpty && mailbox.taken == [1])
        outbox.send(2, to: 1) { mailbox.post($0) }
        #expect(!outbox.isEmpty && outbox.count == 1)
    }

    @Test func `commands arrive in their order, although a later one would find room earlier`() {
        var outbox = ShardOutbox<Int>(shardCount: 2)
        var mailbox = Mailbox(room: 0)
        outbox.send(1, to: 1) { mailbox.post($0) }
        mailbox.room = 2
        outbox.send(2, to: 1) { mailbox.post($0) }
        outbox.send(3, to: 1) { mailbox.post($0) }
        #expect(mailbox.taken.isEmpty && outbox.count == 3)
        outbox.retry { command, _ in mailbox.post(command) }
        #expect(mailbox.taken == [1, 2] && outbox.count == 1)
        mailbox.room = 3
        outbox.retry { command, _ in mailbox.post(command) }
        #expect(mailbox.taken == [1, 2, 3] && outbox.isEmpty)
    }

    @Test func `a full mailbox delays no other shard's commands`() {
        var outbox = ShardOutbox<Int>(shardCount: 3)
        var mailboxes = [Mailbox(room: 0), Mailbox(room: 0), Mailbox(room: 9)]
        for command in 1...3 { outbox.send(command, to: 1) { mailboxes[1].post($0) } }
        for command in 4...6 { outbox.send(command, to: 2) { mailboxes[2].post($0) } }
        #expect(mailboxes[2].taken == [4, 5, 6] && outbox.count == 3)
        mailboxes[1].room = 9
        var asked: Set<Int> = []
        outbox.retry { command, shard in
            asked.insert(shard)
            return mailboxes[shard].post(command)
        }
        #expect(asked == [1] && mailboxes[1].taken == [1, 2, 3])
    }

    @Test func `obsolete commands are dropped, and the others keep their order`() {
        var outbox = ShardOutbox<Int>(shardCount: 1)
        for command in 1...6 { outbox.send(command, to: 0) { _ in false } }
        outbox.removeAll { $0 % 2 == 0 }
        var mailbox = Mailbox(room: 9)
        outbox.retry { command, _ in mailbox.post(command) }
        #expect(mailbox.taken == [1, 3, 5])
    }
}
