import Testing

@testable import WebSocket

@Suite struct CloseCodeTests {
    @Test func `exactly the registered codes and the free ranges may stand on the wire`() {
        let expected = Set([1000, 1001, 1002, 1003] + Array(1007...1014) + Array(3000...4999))
        for code in UInt16.min ... .max {
            #expect(CloseCode(rawValue: code).isValidOnWire == expected.contains(Int(code)))
        }
    }

    @Test func `the table ascends and names every code once`() {
        let codes = CloseCode.table.map(\.code.rawValue)
        #expect(codes == codes.sorted())
        #expect(Set(codes).count == codes.count)
        #expect(Set(CloseCode.table.map { "\($0.label)" }).count == codes.count)
    }

    @Test(
        arguments: [
            (1000, ClientAdvice.done), (1001, .reconnectThenCatchUp), (1012, .reconnectThenCatchUp), (1002, .reportBug),
            (1007, .reportBug), (1009, .reportBug), (1011, .reconnectWithBackoff), (1013, .reconnectSlowly),
            (4401, .renewTokenThenReconnect), (4403, .stop), (4408, .reconnectThenCatchUp), (4409, .stop),
        ] as [(UInt16, ClientAdvice)])
    func `a client is advised what the interface promises`(code: UInt16, advice: ClientAdvice) {
        #expect(CloseCode(rawValue: code).entry?.advice == advice)
    }

    @Test func `a code describes itself`() {
        #expect("\(CloseCode.messageTooBig)" == "1009 message_too_big")
        #expect("\(CloseCode(rawValue: 3001))" == "3001")
    }

    @Test func `every error has a label of its own and a code that may stand on the wire`() {
        #expect(Set(WebSocketError.allCases.map { "\($0.label)" }).count == WebSocketError.allCases.count)
        #expect(WebSocketError.allCases.allSatisfy { $0.closeCode.isValidOnWire })
    }
}
