import FoundationEssentials
import Testing

@testable import Storage

/// What every store does with the bytes of images.
@Suite struct ImageStoreTests {
    enum Kind: CaseIterable, Sendable {
        case memory
        case directory

        func withStore(_ body: (any ImageStore) async throws -> Void) async throws {
            switch self {
            case .memory: try await body(MemoryImageStore())
            case .directory:
                try await withTemporaryDirectory { path in try await body(DirectoryImageStore(path: path + "/a/b")) }
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `an image is read byte for byte until it is removed`(kind: Kind) async throws {
        try await kind.withStore { store in
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try await store.read("a.png") == nil)
            #expect(try await !store.remove("a.png"))
            try await store.write(bytes, name: "a.png")
            #expect(try await store.read("a.png") == bytes)
            #expect(try await store.read("b.png") == nil)
            #expect(try await store.remove("a.png"))
            #expect(try await !store.remove("a.png"))
            #expect(try await store.read("a.png") == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a name is used once, and its image stays`(kind: Kind) async throws {
        try await kind.withStore { store in
            try await store.write([1], name: "a.png")
            #expect(await storageError { try await store.write([2], name: "a.png") } == .conflict)
            #expect(try await store.read("a.png") == [1])
        }
    }

    @Test(arguments: Kind.allCases)
    func `of concurrent writes of one name, one succeeds as a whole`(kind: Kind) async throws {
        try await kind.withStore { store in
            let winners = await withTaskGroup(of: UInt8?.self) { group in
                for number in UInt8(0)..<20 {
                    group.addTask {
                        let bytes = [UInt8](repeating: number, count: 50_000)
                        do throws(StorageError) {
                            try await store.write(bytes, name: "a.png")
                            return number
                        } catch {
                            return nil
                        }
                    }
                }
                var winners: [UInt8] = []
                for await winner in group { if let winner { winners.append(winner) } }
                return winners
            }
            #expect(winners.count == 1)
            let winner = try #require(winners.first)
            #expect(try await store.read("a.png") == [UInt8](repeating: winner, count: 50_000))
        }
    }
}

@Suite struct DirectoryImageStoreTests {
    @Test func `a directory holds the images under their names and nothing else`() async throws {
        try await withTemporaryDirectory { path in
            let store = DirectoryImageStore(path: path + "/images")
            try await store.write([1, 2], name: "a.png")
            _ = await storageError { try await store.write([3], name: "a.png") }
            try await store.write([], name: "b.gif")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: path + "/images").sorted() == ["a.png", "b.gif"])
            #expect(try await DirectoryImageStore(path: path + "/images").read("a.png") == [1, 2])
            #expect(try await store.read("b.gif")?.isEmpty == true)
        }
    }

    @Test func `a file that is larger than any image is not read`() async throws {
        try await withTemporaryDirectory { path in
            let store = DirectoryImageStore(path: path)
            let largest = [UInt8](repeating: 7, count: Limits.imageByteCountMax)
            try await store.write(largest, name: "a.png")
            try await store.write(largest + [7], name: "b.png")
            #expect(try await store.read("a.png")?.count == Limits.imageByteCountMax)
            #expect(await storageError { try await store.read("b.png") } == .invalid)
        }
    }

    @Test func `a directory that cannot be made is a failure of the disk`() async throws {
        try await withTemporaryDirectory { path in
            try FileSystem.write([1], directory: path, name: "file")
            let store = DirectoryImageStore(path: path + "/file/images")
            #expect(await storageError { try await store.write([1], name: "a.png") } == .unavailable)
        }
    }

    @Test func `the start removes what an interrupted write left`() async throws {
        try await withTemporaryDirectory { path in
            let store = DirectoryImageStore(path: path)
            try await store.write([1], name: "a.png")
            let longAgo = Date(timeIntervalSinceNow: -3_600)
            for name in [".b.png.17.partial", ".c.png.18.partial", ".hidden", "d.partial"] {
                try Data([1]).write(to: URL(filePath: "\(path)/\(name)"))
                // The second is being written by another process.
                if name.hasPrefix(".c") { continue }
                try FileManager.default.setAttributes([.modificationDate: longAgo], ofItemAtPath: "\(path)/\(name)")
            }
            try await store.prepare()
            let left = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            #expect(left == [".c.png.18.partial", ".hidden", "a.png", "d.partial"])
        }
    }

    @Test func `the start reports a directory that accepts no image, and creates none`() async throws {
        try await withTemporaryDirectory { path in
            try await DirectoryImageStore(path: path + "/a/b").prepare()
            #expect(!FileManager.default.fileExists(atPath: path + "/a"))
            try FileSystem.write([1], directory: path, name: "file")
            for name in ["/file", "/file/images"] {
                let store = DirectoryImageStore(path: path + name)
                #expect(await storageError { try await store.prepare() } == .unavailable)
            }
        }
    }

    @Test func `a missing directory holds no images`() async throws {
        try await withTemporaryDirectory { path in
            let store = DirectoryImageStore(path: path + "/missing")
            let found = try await store.read("a.png")
            let wasThere = try await store.remove("a.png")
            #expect(found == nil && !wasThere)
            #expect(!FileManager.default.fileExists(atPath: path + "/missing"))
        }
    }
}

/// Images that arrive in pieces.
@Suite struct PartialImageTests {
    @Test(arguments: ImageStoreTests.Kind.allCases)
    func `an image in pieces exists, whole, once it is finished`(kind: ImageStoreTests.Kind) async throws {
        try await kind.withStore { store in
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let partial = PartialImage(name: "one")
            var offset = 0
            for piece in [1, 40_000, 0, 59_999] {
                try await store.append(Array(bytes[offset..<offset + piece]), to: partial, at: offset)
                offset += piece
                #expect(try await store.read("a.png") == nil)
            }
            try await store.finish(partial, name: "a.png")
            #expect(try await store.read("a.png") == bytes)
            try await store.discard(partial)
            #expect(try await store.read("a.png") == bytes)
        }
    }

    @Test(arguments: ImageStoreTests.Kind.allCases)
    func `an image in pieces does not take the name of another`(kind: ImageStoreTests.Kind) async throws {
        try await kind.withStore { store in
            try await store.write([1], name: "a.png")
            let partial = PartialImage(name: "one")
            try await store.append([2], to: partial, at: 0)
            #expect(await storageError { try await store.finish(partial, name: "a.png") } == .conflict)
            #expect(try await store.read("a.png") == [1])
            try await store.discard(partial)
            #expect(await storageError { try await store.finish(partial, name: "b.png") } == .unavailable)
        }
    }

    @Test func `of a finished image a directory holds only its file, of a discarded one nothing`() async throws {
        try await withTemporaryDirectory { path in
            let store = DirectoryImageStore(path: path + "/images")
            try await store.append([1], to: PartialImage(name: "one"), at: 0)
            try await store.append([2], to: PartialImage(name: "two"), at: 0)
            try await store.discard(PartialImage(name: "one"))
            try await store.finish(PartialImage(name: "two"), name: "a.png")
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/images") == ["a.png"])
        }
    }
}
