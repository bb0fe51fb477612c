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
        _ rehearsal: Rehearsal, of user: String = "user", _ body: [UInt8] = UploadTests.body
    ) -> [UInt8] {
        Array(
            """
            POST /api/v1/shops/messages/image/upload?shop_id=shop-1 HTTP/1.1\r\nHost: x\r\n\
            Authorization: Bearer \(rehearsal.stage.token(of: user).text)\r\n\
            Content-Type: multipart/form-data; boundary=b\r\nContent-Length: \(body.count)\r\n\r\n
            """.utf8)
    }

    private static func body(imageByteCount: Int) -> [UInt8] {
        Array("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nGIF89a".utf8)
            + [UInt8](repeating: 7, count: imageByteCount - 6) + Array("\r\n--b--\r\n".utf8)
    }

    /// Nothing is left of any upload.
    private static func expectNothing(_ rehearsal: Rehearsal) {
        for shard in rehearsal.world.shards {
            rehearsal.ledger.expect(shard.http.uploads.used == 0, "it counts on shard \(shard.index) still")
            rehearsal.ledger.expect(shard.userLimits.activeUserCount == 0, "its user holds it still")
            let images = shard.storage.images as? MemoryImageStore
            rehearsal.ledger.expect(images?.partialCount == 0, "a part of an image is left")
        }
    }

    @Test func `an upload may take minutes as long as it goes on`() async {
        let violations = await Rehearsal.play(reactorCount: 2) { rehearsal in
            let body = Self.body(imageByteCount: 600_000)
            let socket = try rehearsal.connect(sending: Self.head(rehearsal, body))
            let began = rehearsal.stage.network.now
            // 4.5 KB a second, over two minutes.
            for start in stride(from: 0, to: body.count, by: 4_500) {
                rehearsal.ledger.expect(!socket.hasArrivals, "it is answered before it is there")
                rehearsal.advance(by: .seconds(1))
                rehearsal.send(Array(body[start..<min(body.count, start + 4_500)]), on: socket)
            }
            rehearsal.turn()
            rehearsal.ledger.expect(rehearsal.stage.network.now.since(began) > .seconds(120), "too fast")
            rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "it is not taken")
            rehearsal.turn()
            Self.expectNothing(rehearsal)
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `an upload that stalls is 408 and gives its place back`() async {
        let violations = await Rehearsal.play(reactorCount: 2) { rehearsal in
            let body = Self.body(imageByteCount: 200_000)
            let socket = try rehearsal.connect(sending: Self.head(rehearsal, body) + body.prefix(100_000))
            let shard = rehearsal.world.shards[0]
            rehearsal.ledger.expect(shard.http.uploads.used == 1, "it counts")
            rehearsal.ledger.expect(
                (shard.storage.images as? MemoryImageStore)?.partialCount == 1, "it is held in memory")
            // A trickle is no progress.
            for _ in 0..<40 where !socket.hasArrivals {
                rehearsal.advance(by: .seconds(1))
                rehearsal.send([7], on: socket)
            }
            rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 408".utf8)), "no 408")
            rehearsal.turn()
            Self.expectNothing(rehearsal)
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test(arguments: [0, 10, 100_000]) func `an upload whose client is gone leaves nothing`(byteCount: Int) async {
        let violations = await Rehearsal.play(reactorCount: 2) { rehearsal in
            let body = Self.body(imageByteCount: 200_000)
            for _ in 0..<5 {
                let socket = try rehearsal.connect(sending: Self.head(rehearsal, body) + body.prefix(byteCount))
                socket.reset()
                rehearsal.turn()
            }
            Self.expectNothing(rehearsal)
        }
        #expect(violations.isEmpty)
    }

    @Test func `a user has so many uploads at a time over all reactors, and others have theirs`() async {
        let violations = await Rehearsal.play(reactorCount: 2) { rehearsal in
            var sockets: [Socket] = []
            for listener in 0..<2 {
                sockets.append(try rehearsal.connect(sending: Self.head(rehearsal), to: listener))
            }
            rehearsal.turn()
            let refused = try rehearsal.connect(sending: Self.head(rehearsal))
            rehearsal.turn()
            rehearsal.ledger.expect(refused.read().starts(with: Array("HTTP/1.1 429".utf8)), "one too many is taken")
            let other = try rehearsal.connect(sending: Self.head(rehearsal, of: "other") + Self.body)
            rehearsal.turn()
            rehearsal.ledger.expect(other.read().starts(with: Array("HTTP/1.1 200".utf8)), "another user is held up")
            for socket in sockets {
                rehearsal.send(Self.body, on: socket)
                rehearsal.turn()
                rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "it is not taken")
            }
            rehearsal.turn()
            Self.expectNothing(rehearsal)
            for socket in sockets + [refused, other] { socket.close() }
        }
        #expect(violations.isEmpty)
    }

    @Test func `an upload of a shop that the caller is no member of is refused before its body`() async {
        let violations = await Rehearsal.play(reactorCount: 1) { rehearsal in
            let head = Self.head(rehearsal, of: "outsider")
            let socket = try rehearsal.connect(sending: head)
            rehearsal.turn()
            rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 403".utf8)), "no 403")
            Self.expectNothing(rehearsal)
            socket.close()
        }
        #expect(violations.isEmpty)
    }
}
