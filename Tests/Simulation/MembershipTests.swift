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
        let violations = await Rehearsal.play(reactorCount: 2) { rehearsal in
            let shop = ShopID(try rehearsal.shop(ownedBy: 1))
            let socket = try rehearsal.openStream(of: shop.text)
            rehearsal.keepHouse()
            let store = rehearsal.world.store
            store.hidesMembers = true
            rehearsal.perform { shard in
                rehearsal.ledger.expect(try await store.removeMember(UserID("user"), from: shop), "it is a member")
                if isEverybody { shard.tellMembershipsChanged(.everybody) }
            }
            for _ in 0..<6 { rehearsal.keepHouse() }
            rehearsal.ledger.expect(!socket.hasArrivals, "a stream ended and nobody knows why")
            store.hidesMembers = false
            for _ in 0..<ServerLimits.membershipRecheckRounds { rehearsal.keepHouse() }
            // A close frame with 4403.
            rehearsal.ledger.expect(socket.read().dropFirst(2).starts(with: [0x11, 0x33]), "the stream goes on")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a search for orphaned images that takes long does not hold up what is told of memberships`() async {
        let violations = await Rehearsal.play(reactorCount: 1, slowStore: true) { rehearsal in
            let shard = rehearsal.world.shards[0]
            for round in 1...3 as ClosedRange<UInt64> {
                rehearsal.keepHouse()
                rehearsal.ledger.expect(shard.memberships.round == round, "a round waits for the search")
                rehearsal.ledger.expect(rehearsal.world.store.waitingCount == 1, "there is one search")
            }
            rehearsal.world.store.openDoor()
            rehearsal.turn()
        }
        #expect(violations.isEmpty)
    }

    @Test func `messages for a shard arrive in their order though its mailbox was full`() async {
        let violations = await Rehearsal.play(reactorCount: 2) { rehearsal in
            let shop = ShopID(try rehearsal.shop(ownedBy: 1))
            let socket = try rehearsal.openStream(of: shop.text)
            func post(_ numbers: ClosedRange<Int>) {
                for number in numbers {
                    let message = Chat.Message(
                        id: MessageID("\(number)"), shopID: shop, userID: UserID("user"), text: "number \(number)",
                        createdAt: Stage.origin, updatedAt: nil, isEdited: false, parentID: nil, username: nil)
                    rehearsal.world.shards[0].send(.storeChanged(.messageCreated(message)), to: 1)
                }
            }
            post(1...3)
            rehearsal.ledger.expect(!rehearsal.world.shards[0].outbox.isEmpty, "the mailbox has room")
            // It is empty again before the first shard's turn ends.
            rehearsal.world.shards[1].reactor.turn()
            post(4...5)
            var bytes: [UInt8] = []
            for _ in 0..<20 {
                rehearsal.turn()
                bytes += socket.read()
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let numbers = text.split(separator: "number ").dropFirst().compactMap(\.first?.wholeNumberValue)
            rehearsal.ledger.expect(numbers == [1, 2, 3, 4, 5], "they came as \(numbers)")
            socket.close()
        }
        #expect(violations.isEmpty)
    }
}
