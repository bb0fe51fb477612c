import Broker
import Chat
import Primitives
import Reactor
import Storage
import Testing

@testable import Server

/// How the end of a membership reaches open streams.
@Suite struct MembershipTests {
    @Test(arguments: [false, true])
    func `a stream ends with its membership although the store fails meanwhile`(isEverybody: Bool) async {
        let violations = await ScriptedRun.run(reactorCount: 2) { run in
            let shop = ShopID(try run.shop(ownedBy: 1))
            let socket = try run.openStream(of: shop.text)
            run.keepHouse()
            let store = run.server.store
            store.hidesMembers = true
            run.perform { shard in
                run.ledger.expect(try await store.removeMember(UserID("user"), from: shop), "the user was no member")
                if isEverybody { shard.tellMembershipsChanged(.all) }
            }
            for _ in 0..<6 { run.keepHouse() }
            run.ledger.expect(!socket.hasArrivals, "a stream ended without a cause")
            store.hidesMembers = false
            for _ in 0..<ServerLimits.membershipRecheckRounds { run.keepHouse() }
            // A close frame with 4403.
            run.ledger.expect(socket.read().dropFirst(2).starts(with: [0x11, 0x33]), "the stream is still open")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a slow search for orphaned images does not delay notifications of memberships`() async {
        let violations = await ScriptedRun.run(reactorCount: 1, slowStore: true) { run in
            let shard = run.server.shards[0]
            for round in 1...3 as ClosedRange<UInt64> {
                run.keepHouse()
                run.ledger.expect(shard.memberships.round == round, "a round waits for the search")
                run.ledger.expect(run.server.store.waitingCount == 1, "there is one search")
            }
            run.server.store.resumeSome()
            run.turn()
        }
        #expect(violations.isEmpty)
    }

    @Test func `commands for a shard arrive in their order although its mailbox was full`() async {
        let violations = await ScriptedRun.run(reactorCount: 2) { run in
            let shop = ShopID(try run.shop(ownedBy: 1))
            let socket = try run.openStream(of: shop.text)
            func post(_ numbers: ClosedRange<Int>) {
                for number in numbers {
                    let message = Chat.Message(
                        id: MessageID("\(number)"), shopID: shop, userID: UserID("user"), text: "number \(number)",
                        createdAt: RunContext.origin, updatedAt: nil, isEdited: false, parentID: nil, username: nil)
                    run.server.shards[0].send(.brokerReported(.messageCreated(message)), to: 1)
                }
            }
            post(1...3)
            run.ledger.expect(!run.server.shards[0].outbox.isEmpty, "the mailbox has room")
            // It is empty again before the first shard's turn ends.
            run.server.shards[1].reactor.turn()
            post(4...5)
            var bytes: [UInt8] = []
            for _ in 0..<20 {
                run.turn()
                bytes += socket.read()
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let numbers = text.split(separator: "number ").dropFirst().compactMap(\.first?.wholeNumberValue)
            run.ledger.expect(numbers == [1, 2, 3, 4, 5], "the commands arrived as \(numbers)")
            socket.close()
        }
        #expect(violations.isEmpty)
    }
}
