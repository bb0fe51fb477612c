import Primitives
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

    private static func head(_ rehearsal: Rehearsal) -> [UInt8] {
        Array(
            """
            POST /api/v1/shops/messages/image/upload?shop_id=shop-1 HTTP/1.1\r\nHost: x\r\n\
            Authorization: Bearer \(rehearsal.stage.token(of: "user").text)\r\n\
            Content-Type: multipart/form-data; boundary=b\r\nContent-Length: \(body.count)\r\n\r\n
            """.utf8)
    }

    @Test func `an upload may take its time, byte by byte`() async {
        let violations = await Rehearsal.play(reactorCount: 1) { rehearsal in
            let socket = try rehearsal.connect(sending: Self.head(rehearsal))
            let pause = ServerLimits.uploadWait * 0.9 / Self.body.count
            for byte in Self.body {
                rehearsal.ledger.expect(!socket.hasArrivals, "it is answered before it is there")
                rehearsal.advance(by: pause)
                rehearsal.send([byte], on: socket)
            }
            rehearsal.turn()
            rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "it is not taken")
            rehearsal.ledger.expect(rehearsal.world.shards[0].uploadCounts.isEmpty, "its place is taken still")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `an upload that does not come to its end is 408 and gives its place back`() async {
        let violations = await Rehearsal.play(reactorCount: 1) { rehearsal in
            let shard = rehearsal.world.shards[0]
            let socket = try rehearsal.connect(sending: Self.head(rehearsal) + Self.body.dropLast())
            rehearsal.advance(by: ServerLimits.uploadWait - .seconds(1))
            rehearsal.ledger.expect(!socket.hasArrivals, "its time is not over")
            rehearsal.ledger.expect(shard.uploadCount == 1, "it counts")
            rehearsal.advance(by: .seconds(2))
            rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 408".utf8)), "no 408")
            rehearsal.ledger.expect(shard.uploadCount == 0 && shard.uploadCounts.isEmpty, "its place is taken still")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a user has so many uploads at a time and no more`() async {
        let violations = await Rehearsal.play(reactorCount: 1) { rehearsal in
            let shard = rehearsal.world.shards[0]
            var sockets: [Socket] = []
            for _ in 0..<ServerLimits.userUploadCountMax {
                sockets.append(try rehearsal.connect(sending: Self.head(rehearsal)))
            }
            let refused = try rehearsal.connect(sending: Self.head(rehearsal))
            rehearsal.ledger.expect(refused.read().starts(with: Array("HTTP/1.1 429".utf8)), "one too many is taken")
            rehearsal.ledger.expect(
                shard.uploadCounts == [UserID("user"): ServerLimits.userUploadCountMax], "they count")
            for socket in sockets {
                rehearsal.send(Self.body, on: socket)
                rehearsal.turn()
                rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "it is not taken")
            }
            rehearsal.ledger.expect(shard.uploadCounts.isEmpty, "their places are taken still")
            for socket in sockets + [refused] { socket.close() }
        }
        #expect(violations.isEmpty)
    }
}
