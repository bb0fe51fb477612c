import Testing

@testable import WebSocket

@Suite struct CloseCodeTests {
    @Test func `exactly the registered codes and the free ranges may be sent`() {
        let expected = Set([1000, 1001, 1002, 1003] + Array(1007...1014) + Array(3000...4999))
        for code in UInt16.min ... .max {
            #expect(CloseCode(rawValue: code).isValidOnWire == expected.contains(Int(code)))
        }
    }

    @Test func `a code describes itself`() {
        #expect("\(CloseCode.messageTooBig)" == "1009 message_too_big")
        #expect("\(CloseCode(rawValue: 3001))" == "3001")
    }

    @Test func `every error has a label of its own and a code that may be sent`() {
        #expect(Set(WebSocketError.allCases.map { "\($0.label)" }).count == WebSocketError.allCases.count)
        #expect(WebSocketError.allCases.allSatisfy { $0.closeCode.isValidOnWire })
    }
}
