import API
import Chat
import Primitives
import Storage
import Testing

/// The search for images that no message names.
@Suite struct OrphanedImagesTests {
    private static let shop = ShopID("shop")

    /// A context with an image for each number, uploaded that many days ago.
    private func context(daysOfImages: [Int64]) async throws -> (TestContext, [Storage.Image]) {
        let context = TestContext()
        var images: [Storage.Image] = []
        for days in daysOfImages {
            let image = Storage.Image(
                id: MessageID(context.newIdentifier()), shopID: Self.shop, userID: UserID("grace"),
                fileExtension: "png",
                createdAt: context.civilTime.advanced(byMicroseconds: -days * 86_400_000_000))
            try await context.memory.addImage(image)
            try await context.images.write([1], name: image.fileName)
            images.append(image)
        }
        return (context, images)
    }

    private func remaining(_ images: [Storage.Image], in context: TestContext) async throws -> [Bool] {
        var results: [Bool] = []
        for image in images {
            let (record, bytes) = (
                try await context.memory.image(image.id), try await context.images.read(image.fileName)
            )
            #expect((record == nil) == (bytes == nil), "a record without a file, or a file without a record")
            results.append(record != nil)
        }
        return results
    }

    @Test func `images that no message names are removed a day after their upload`() async throws {
        let (context, images) = try await context(daysOfImages: [0, 2, 3])
        await context.removeOrphanedImages()
        #expect(try await remaining(images, in: context) == [true, false, false])
        #expect(context.orphanCount == 2)
    }

    @Test func `an image that a message names stays, and later searches skip it`() async throws {
        let (context, images) = try await context(daysOfImages: [2])
        try await context.memory.append(
            Message(
                id: MessageID("m"), shopID: Self.shop, userID: UserID("grace"),
                text: "[IMAGE:/api/v1/shops/shop/messages/image/\(images[0].fileName)]", createdAt: context.civilTime))
        await context.removeOrphanedImages()
        #expect(try await remaining(images, in: context) == [true])
        let candidates = try await context.memory.unkeptImages(createdBefore: .latest, after: nil, limit: 10)
        #expect(candidates.isEmpty)
    }

    @Test func `the search reads more than one batch`() async throws {
        let count = Limits.orphanBatchCountMax + 3
        let (context, _) = try await context(daysOfImages: Array(repeating: 2, count: count))
        await context.removeOrphanedImages()
        #expect(context.orphanCount == count)
    }

    @Test func `the search ends when the server stops or the store fails`() async throws {
        let (context, images) = try await context(daysOfImages: [2])
        context.isDraining = true
        await context.removeOrphanedImages()
        #expect(try await remaining(images, in: context) == [true])
        context.isDraining = false
        context.memory.fail()
        await context.removeOrphanedImages()
        #expect(context.orphanCount == 0)
        #expect(context.storageFailures == [.unavailable])
    }
}
