import API
import Chat
import Primitives
import Storage
import Testing

/// Bodies that are produced while they are sent.
@Suite struct PiecesTests {
    private static let shop = ShopID("shop")

    /// A context of a shop whose member is grace, with messages of 16 KiB.
    private func context(messageCount: Int) async throws -> TestContext {
        let context = TestContext()
        try await context.memory.importMembers(
            [Membership(shopID: Self.shop, userID: UserID("grace"), role: .member)], at: context.civilTime)
        for number in 0..<messageCount {
            try await context.memory.append(
                Message(
                    id: MessageID("m\(number)"), shopID: Self.shop, userID: UserID("grace"),
                    text: String(repeating: "x", count: 16_384),
                    createdAt: context.civilTime.advanced(byMicroseconds: Int64(number))))
        }
        return context
    }

    private func response(_ path: String, in context: TestContext) async -> Response {
        await CaseRun.get("/api/v1/shops/shop/messages\(path)", by: "grace", in: context)
    }

    @Test(arguments: ["", "/paginated?limit=100"])
    func `a list of many messages is sent in pieces, each in its turn`(path: String) async throws {
        let context = try await context(messageCount: 12)
        guard case .pieces(let first, var rest, nil) = await response(path, in: context).body else {
            Issue.record("the body is whole")
            return
        }
        #expect(first.count >= Limits.responsePieceByteCount && first.count < 2 * Limits.responsePieceByteCount)
        #expect(!context.isPieceTurnAwaited, "the first piece is sent with the head")
        var pieceCount = 1
        while try await !rest.next().isLast { pieceCount += 1 }
        #expect(context.isPieceTurnAwaited)
        #expect(pieceCount >= 6)
        #expect(context.heldByteCount == Limits.responseByteCountReserved && context.readCount == 1)
    }

    @Test(arguments: ["", "/paginated?limit=100"])
    func `a failure of the store within a list ends the list with an error`(path: String) async throws {
        let context = try await context(messageCount: 12)
        guard case .pieces(_, var rest, _) = await response(path, in: context).body else {
            Issue.record("the body is whole")
            return
        }
        context.memory.fail()
        let error = await #expect(throws: APIError.self) {
            while try await !rest.next().isLast {}
        }
        #expect(error?.code == StorageError.Kind.unavailable.code)
        #expect(context.storageFailures == [.unavailable])
    }

    @Test func `an image is sent in pieces of its file`() async throws {
        let context = try await context(messageCount: 0)
        let image = Storage.Image(
            id: MessageID(context.newIdentifier()), shopID: Self.shop, userID: UserID("grace"), fileExtension: "png",
            createdAt: context.civilTime)
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try await context.memory.addImage(image)
        try await context.images.write(bytes, name: image.fileName)
        guard case .pieces(var sent, var rest, 100_000?) = await response("/image/\(image.fileName)", in: context).body
        else {
            Issue.record("the body is whole, or its size is not known")
            return
        }
        #expect(sent.count == Limits.responsePieceByteCount)
        while true {
            let piece = try await rest.next()
            sent += piece.bytes
            if piece.isLast { break }
        }
        #expect(sent == bytes)
    }

    // MARK: - Uploads

    @Test func `an upload that is refused leaves nothing in the store`() async throws {
        let context = try await context(messageCount: 0)
        var upload = ImageUpload(
            try ImageFormReader(contentType: "multipart/form-data; boundary=x"), partialName: context.newIdentifier())
        let head = "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\u{ff}"
        try upload.form.receive(Array(head.utf8).span)
        let piece = upload.takePiece()
        try await context.images.append(piece.bytes, to: upload.partial, at: piece.offset)
        let images = try #require(context.images as? MemoryImageStore)
        #expect(upload.isPartlyStored && images.partialCount == 1)
        await context.discard(upload)
        #expect(images.partialCount == 0)
    }

    @Test func `identifiers are version 4 UUIDs, and no two alike`() {
        let context = TestContext()
        let texts = (0..<1_000).map { _ in context.newIdentifier() }
        #expect(Set(texts).count == texts.count)
        for text in texts {
            #expect(UUIDText.isUUID(text.utf8))
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(parts.allSatisfy { $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
            #expect(parts[2].first == "4")
            #expect(parts[3].first.map { "89ab".contains($0) } == true)
        }
    }
}
