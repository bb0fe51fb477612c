import API
import Chat
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Storage
import Testing

@testable import Server

/// The search for images that no message names.
@Suite struct OrphanTests {
    /// An image; the lower its number, the earlier its upload.
    private static func image(_ number: Int, by user: UserID = UserID("user")) -> Storage.Image {
        let day: Int64 = 86_400_000_000
        let time = Timestamp(microsecondsSinceEpoch: RunContext.origin.microsecondsSinceEpoch - 2 * day + Int64(number))
        return Image(
            id: MessageID(UUIDText.random((0, UInt64(number)))), shopID: ShopID("shop-1"), userID: user,
            fileExtension: "png", createdAt: time)
    }

    @Test func `images whose look-up fails do not delay the removal of younger ones`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let store = run.server.store
            let images = (0..<API.Limits.orphanBatchCountMax + 6).map { Self.image($0) }
            let failing = images.prefix(API.Limits.orphanBatchCountMax + 2)
            store.imagesNobodyFinds = Set(failing.map(\.id))
            run.perform { shard in
                for image in images { try await store.addImage(image) }
                await shard.removeOrphanedImages()
                let left = try await store.unkeptImages(createdBefore: RunContext.origin, after: nil, limit: 1_000)
                run.ledger.expect(left == Array(failing), "\(left.count) images are left")
                run.ledger.expect(shard.counters.orphanedImages == 4, "removed images are not counted")
            }
        }
        #expect(violations.isEmpty)
    }

    @Test(arguments: [UserID("user"), UserID("another")])
    func `an image that a deleted message named is checked again, whichever user uploaded it`(uploader: UserID) async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let store = run.server.store
            // More than the deletion of the message removes at once.
            let images = (0..<API.Limits.imagesRemovedAtOnceMax + 4).map { Self.image($0, by: uploader) }
            let text = images.map { "[IMAGE:\($0.fileName)]" }.joined()
            let message = Chat.Message(
                id: MessageID("m"), shopID: ShopID("shop-1"), userID: UserID("user"), text: text,
                createdAt: RunContext.origin, updatedAt: nil,
                isEdited: false, parentID: nil, username: nil)
            run.perform { shard in
                for image in images { try await store.addImage(image) }
                _ = try await store.append(message)
                await shard.removeOrphanedImages()
                run.ledger.expect(shard.counters.orphanedImages == 0, "an image that is named is gone")
                let kept = try await store.unkeptImages(createdBefore: RunContext.origin, after: nil, limit: 100)
                run.ledger.expect(kept.isEmpty, "the search keeps offering images that it found named")
                _ = try await store.delete(message.id, in: message.shopID)
                let head = RequestHead(method: .delete, path: "/")
                let plan = try shard.environment.routes[.main].plan(for: head, in: shard)
                let source = RequestSource(connection: ConnectionID(slot: 0, generation: 0))
                await shard.removeImages(namedBy: message, for: Request(plan, .bytes([]), from: source))
                await shard.removeOrphanedImages()
                for image in images {
                    let left = try await store.image(image.id)
                    run.ledger.expect(left == nil, "an image is never removed")
                }
            }
        }
        #expect(violations.isEmpty)
    }
}
