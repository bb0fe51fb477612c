import Primitives
import Testing

@testable import Storage

/// What every store does with the records of images.
@Suite struct ImageRecordStoreTests {
    private func image(_ number: Int, shop: String = "shop") -> Image {
        Image(
            id: MessageID("i\(number)"), shopID: ShopID(shop), userID: "ada", fileExtension: "png",
            createdAt: .init(microsecondsSinceEpoch: Int64(number)))
    }

    @Test(arguments: StoreKind.allCases)
    func `a record is read until it is removed`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.addImage(image(1))
            #expect(await storageError { try await store.addImage(image(1)) } == .conflict)
            #expect(try await store.image("i1") == image(1))
            #expect(try await store.removeImage("i1"))
            #expect(try await !store.removeImage("i1"))
            #expect(try await store.image("i1") == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an image is named by a message of its shop that has its name and a marker`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var image = image(5)
            image.id = "0f8e6f0c-3b1a-4d52-9a41-5f0d6f1c2b3a"
            try await store.addImage(image)
            let other = "ffffffff-ffff-4fff-8fff-ffffffffffff.gif"
            let text = "see [IMAGE:/somewhere/\(image.fileName)] and [IMAGE:\(other)] \(image.fileName)!"
            try await store.append(.numbered(6, shop: "other", text: text))
            try await store.append(.numbered(7, text: "[IMAGE:] \(image.id.text) png"))
            #expect(try await !store.isNamed(image))
            try await store.append(.numbered(8, text: text))
            try await store.append(.numbered(9, text: text))
            #expect(try await store.isNamed(image))
            _ = try await store.edit("m8", in: "shop", text: "no more", at: 10)
            #expect(try await store.isNamed(image))
            _ = try await store.delete("m9", in: "shop")
            #expect(try await !store.isNamed(image))
            _ = try await store.edit("m8", in: "shop", text: text, at: 11)
            #expect(try await store.isNamed(image))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `images that no message keeps are found, the oldest first`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in [3, 1, 2, 9] { try await store.addImage(image(number)) }
            try await store.setKept(true, images: ["i2", "nothing"], in: "shop")
            #expect(try await store.unkeptImages(createdBefore: 9, after: nil, limit: 10) == [image(1), image(3)])
            #expect(try await store.unkeptImages(createdBefore: 9, after: nil, limit: 1) == [image(1)])
            try await store.setKept(false, images: ["i1", "i2"], in: "shop")
            #expect(try await store.unkeptImages(createdBefore: 3, after: nil, limit: 10) == [image(1), image(2)])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a search continues after its last image, even if that was removed`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let images = (1...7).map { number in
                // Several of one time.
                var image = image(number)
                image.createdAt = .init(microsecondsSinceEpoch: Int64(number / 3))
                return image
            }
            for image in images.reversed() { try await store.addImage(image) }
            var found: [Image] = []
            repeat {
                if let last = found.last { _ = try await store.removeImage(last.id) }
                found += try await store.unkeptImages(createdBefore: 9, after: found.last, limit: 2)
            } while found.count % 2 == 0 && found.count < 7
            #expect(found == images)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the images of another shop are not marked`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.addImage(image(1))
            try await store.addImage(image(2, shop: "other"))
            try await store.setKept(true, images: ["i1", "i2"], in: "other")
            #expect(try await store.unkeptImages(createdBefore: 9, after: nil, limit: 10) == [image(1)])
            try await store.setKept(false, images: ["i1", "i2"], in: "shop")
            #expect(try await store.unkeptImages(createdBefore: 9, after: nil, limit: 10) == [image(1)])
        }
    }
}
