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
    func `a record comes back until it is removed`(kind: StoreKind) async throws {
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
    func `an image is named by a later message of its shop`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.addImage(image(5))
            let text = "see [IMAGE:/somewhere/i5.png]!"
            try await store.append(.numbered(4, text: text))
            try await store.append(.numbered(6, shop: "other", text: text))
            try await store.append(.numbered(7, text: "i5 png"))
            #expect(try await !store.isNamed(image(5)))
            try await store.append(.numbered(8, text: text))
            #expect(try await store.isNamed(image(5)))
            _ = try await store.edit("m8", in: "shop", text: "no more", at: 9)
            #expect(try await !store.isNamed(image(5)))
            // One that was written before the upload may name it since.
            _ = try await store.edit("m4", in: "shop", text: text, at: 10)
            #expect(try await store.isNamed(image(5)))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `those that nobody keeps are found, the oldest first`(kind: StoreKind) async throws {
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
    func `a search goes on behind the image that it came to, gone or not`(kind: StoreKind) async throws {
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
