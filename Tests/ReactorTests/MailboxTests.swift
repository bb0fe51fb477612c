import Synchronization
import Testing

@testable import Reactor

@Suite struct MailboxTests {
    @Test func `a full mailbox refuses a command, and has room again once one was taken`() {
        let mailbox = Mailbox<Int>(commandCountMax: 4)
        #expect(mailbox.isEmpty)
        for round in 0..<10 {
            for number in 0..<4 { #expect(mailbox.push(round * 4 + number)) }
            #expect(!mailbox.push(-1))
            #expect(mailbox.count == 4)
            #expect(!mailbox.isEmpty)
            for number in 0..<4 { #expect(mailbox.pop() == round * 4 + number) }
            #expect(mailbox.pop() == nil)
            #expect(mailbox.isEmpty)
        }
    }

    @Test func `commands that were not taken are released with the mailbox`() {
        final class Token: Sendable {}
        weak var observed: Token?
        do {
            let mailbox = Mailbox<Token>(commandCountMax: 4)
            let token = Token()
            observed = token
            #expect(mailbox.push(token))
        }
        #expect(observed == nil)
    }

    @Test func `four producers lose nothing, and the commands of each stay in order`() {
        let producerCount = 4
        let messageCount = 50_000
        let mailbox = Mailbox<(producer: Int, number: Int)>(commandCountMax: 256)
        let threads = (0..<producerCount).map { producer in
            ReactorThread(name: "producer") {
                for number in 0..<messageCount {
                    while !mailbox.push((producer, number)) { yieldProcessor() }
                }
            }
        }
        var next = [Int](repeating: 0, count: producerCount)
        var isInOrder = true
        var receivedCount = 0
        while receivedCount < producerCount * messageCount {
            guard let message = mailbox.pop() else {
                yieldProcessor()
                continue
            }
            isInOrder = isInOrder && message.number == next[message.producer]
            next[message.producer] += 1
            receivedCount += 1
        }
        for thread in threads { thread.join() }
        #expect(isInOrder)
        #expect(next == [Int](repeating: messageCount, count: producerCount))
        #expect(mailbox.pop() == nil)
    }
}
