import Primitives
import Reactor
import Sessions
import Storage
import Testing

@testable import Server

/// Uploads over a slow network, by the virtual clock.
@Suite struct UploadTests {
    private static let body = Array(
        """
        --b\r\nContent-Disposition: form-data; name="file"; filename="a.gif"\r\n\r\n\
        GIF89a and what else an image needs\r\n--b--\r\n
        """.utf8)

    private static func head(
        _ run: ScriptedRun, of user: String = "user", _ body: [UInt8] = UploadTests.body
    ) -> [UInt8] {
        Array(
            """
            POST /api/v1/shops/messages/image/upload?shop_id=shop-1 HTTP/1.1\r\nHost: x\r\n\
            Authorization: Bearer \(run.context.token(of: user).text)\r\n\
            Content-Type: multipart/form-data; boundary=b\r\nContent-Length: \(body.count)\r\n\r\n
            """.utf8)
    }

    private static func body(imageByteCount: Int) -> [UInt8] {
        Array("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nGIF89a".utf8)
            + [UInt8](repeating: 7, count: imageByteCount - 6) + Array("\r\n--b--\r\n".utf8)
    }

    /// Nothing is left of any upload.
    private static func expectNothing(_ run: ScriptedRun) {
        for shard in run.server.shards {
            run.ledger.expect(shard.http.uploads.used == 0, "an upload still counts on shard \(shard.index)")
            run.ledger.expect(shard.userLimits.activeUserCount == 0, "a user still has an upload in flight")
            let images = shard.storage.images as? MemoryImageStore
            run.ledger.expect(images?.partialCount == 0, "a part of an image is left")
        }
    }

    @Test func `an upload may take minutes as long as it makes progress`() async {
        let violations = await ScriptedRun.run(reactorCount: 2) { run in
            let body = Self.body(imageByteCount: 600_000)
            let socket = try run.connect(sending: Self.head(run, body))
            let began = run.context.network.now
            // 4.5 KB a second, over two minutes.
            for start in stride(from: 0, to: body.count, by: 4_500) {
                run.ledger.expect(!socket.hasArrivals, "an incomplete upload is answered")
                run.advance(by: .seconds(1))
                run.send(Array(body[start..<min(body.count, start + 4_500)]), on: socket)
            }
            run.turn()
            run.ledger.expect(run.context.network.now.since(began) > .seconds(120), "too fast")
            run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "the upload is refused")
            run.turn()
            Self.expectNothing(run)
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `an upload that stalls is answered with 408 and releases its slot`() async {
        let violations = await ScriptedRun.run(reactorCount: 2) { run in
            let body = Self.body(imageByteCount: 200_000)
            let socket = try run.connect(sending: Self.head(run, body) + body.prefix(100_000))
            let shard = run.server.shards[0]
            run.ledger.expect(shard.http.uploads.used == 1, "it counts")
            run.ledger.expect(
                (shard.storage.images as? MemoryImageStore)?.partialCount == 1, "it is held in memory")
            // A trickle is no progress.
            for _ in 0..<40 where !socket.hasArrivals {
                run.advance(by: .seconds(1))
                run.send([7], on: socket)
            }
            run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 408".utf8)), "no 408")
            run.turn()
            Self.expectNothing(run)
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test(arguments: [0, 10, 100_000]) func `an upload whose client is gone leaves nothing`(byteCount: Int) async {
        let violations = await ScriptedRun.run(reactorCount: 2) { run in
            let body = Self.body(imageByteCount: 200_000)
            for _ in 0..<5 {
                let socket = try run.connect(sending: Self.head(run, body) + body.prefix(byteCount))
                socket.reset()
                run.turn()
            }
            Self.expectNothing(run)
        }
        #expect(violations.isEmpty)
    }

    @Test func `each user has a limited number of uploads at a time over all reactors`() async {
        let violations = await ScriptedRun.run(reactorCount: 2) { run in
            var sockets: [Socket] = []
            for listener in 0..<2 {
                sockets.append(try run.connect(sending: Self.head(run), to: listener))
            }
            run.turn()
            let refused = try run.connect(sending: Self.head(run))
            run.turn()
            run.ledger.expect(refused.read().starts(with: Array("HTTP/1.1 429".utf8)), "one too many is accepted")
            let other = try run.connect(sending: Self.head(run, of: "other") + Self.body)
            run.turn()
            run.ledger.expect(other.read().starts(with: Array("HTTP/1.1 200".utf8)), "another user is refused")
            for socket in sockets {
                run.send(Self.body, on: socket)
                run.turn()
                run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "the upload is refused")
            }
            run.turn()
            Self.expectNothing(run)
            for socket in sockets + [refused, other] { socket.close() }
        }
        #expect(violations.isEmpty)
    }

    @Test func `an upload to a shop without membership is refused before its body`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let head = Self.head(run, of: "outsider")
            let socket = try run.connect(sending: head)
            run.turn()
            run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 403".utf8)), "no 403")
            Self.expectNothing(run)
            socket.close()
        }
        #expect(violations.isEmpty)
    }
}
