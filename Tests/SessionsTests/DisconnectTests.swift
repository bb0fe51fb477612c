import Testing
import WebSocket

@testable import Sessions

@Suite struct DisconnectTests {
    @Test func `every end has a label of its own`() {
        #expect(Set(Disconnect.allCases.map(\.label)).count == Disconnect.allCases.count)
    }

    @Test func `a close frame may carry every code, and no two ends share one`() {
        let codes = Disconnect.allCases.flatMap(\.codes)
        #expect(codes.allSatisfy { $0.isValidOnWire })
        #expect(Set(codes).count == codes.count)
    }

    @Test func `the codes of a broken protocol are those of its errors`() {
        #expect(Set(WebSocketError.allCases.map(\.closeCode)).isSubset(of: Disconnect.protocolError.codes))
    }

    @Test func `a reason fits a close frame, and an end without a close frame has none`() {
        for end in Disconnect.allCases {
            #expect(end.reason.utf8.count <= 123)
            #expect(!end.codes.isEmpty || end.reason.isEmpty)
        }
    }

    @Test func `only a stopping server sends published messages before its close frame`() {
        #expect(Disconnect.allCases.filter(\.followsMessages) == [.serverStopping, .serverRestarting])
    }

    @Test(
        arguments: [
            (1001, "reconnect with backoff, catch up"), (1002, "report a bug, do not reconnect"),
            (1007, "report a bug, do not reconnect"), (1009, "report a bug, do not reconnect"),
            (1008, "reconnect with longer backoff, catch up"), (1011, "reconnect with backoff, catch up"),
            (4401, "get a new token, reconnect, catch up"), (4403, "stop"), (4408, "reconnect, catch up"),
            (4409, "stop"), (1012, "reconnect after the advised delay, catch up"),
        ] as [(UInt16, String)])
    func `a client is advised what the interface promises`(code: UInt16, advice: String) {
        let ends = Disconnect.allCases.filter { $0.codes.contains(CloseCode(rawValue: code)) }
        #expect(ends.map(\.advice.text) == [advice])
    }
}
