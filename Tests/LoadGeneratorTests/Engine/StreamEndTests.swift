import Primitives
import Testing

@testable import LoadGenerator

@Suite struct StreamEndTests {
    private func waits(_ end: StreamEnd, failureCount: Int = 0) -> [Double?] {
        var random = SeededGenerator(seed: 1)
        return (0..<200).map { _ in
            end.wait(failureCount: failureCount, using: &random).map { Double($0.wholeNanoseconds) / 1e9 }
        }
    }

    private func closed(_ code: UInt16, _ reason: String = "") -> StreamEnd {
        .closed(code: code, reason: Array(reason.utf8))
    }

    @Test(arguments: [1_001, 1_012] as [UInt16])
    func `an advised wait is kept, and spread over the same again`(code: UInt16) {
        let waits = waits(closed(code, "server restarting, reconnect in 4 s")).compactMap { $0 }
        #expect(waits.count == 200 && waits.allSatisfy { (4...8).contains($0) })
        #expect(waits.contains { $0 < 5 } && waits.contains { $0 > 7 })
    }

    @Test(arguments: [1_000, 1_002, 1_003, 1_007, 1_009, 1_010, 4_403, 4_409] as [UInt16])
    func `a code after which a client stops has no wait`(code: UInt16) {
        #expect(waits(closed(code, "reconnect in 1 s")).allSatisfy { $0 == nil })
    }

    @Test(
        arguments: [
            (.closed(code: 1_012, reason: []), 0, 1.0), (.closed(code: 4_401, reason: []), 0, 1),
            (.closed(code: 4_408, reason: []), 0, 1), (.closed(code: 1_013, reason: []), 0, 2), (.connectionLost, 0, 1),
            (.connectionLost, 3, 8), (.connectionLost, 200, 30),
            (.refused(statusCode: 401, retryAfterSeconds: nil), 1, 2),
            (.refused(statusCode: 503, retryAfterSeconds: nil), 0, 2),
        ] as [(StreamEnd, Int, Double)])
    func `other ends have a backoff that doubles, with full jitter`(_ row: (StreamEnd, Int, Double)) {
        let waits = waits(row.0, failureCount: row.1).compactMap { $0 }
        #expect(waits.count == 200 && waits.allSatisfy { (0...row.2).contains($0) })
        #expect(waits.contains { $0 < row.2 / 4 } && waits.contains { $0 > row.2 * 3 / 4 })
    }

    @Test func `Retry-After is the shortest wait`() {
        let waits = waits(.refused(statusCode: 429, retryAfterSeconds: 7)).compactMap { $0 }
        #expect(waits.count == 200 && waits.allSatisfy { (7...9).contains($0) })
    }

    @Test(arguments: [400, 403, 404, 426]) func `a final refusal has no wait`(statusCode: Int) {
        #expect(waits(.refused(statusCode: statusCode, retryAfterSeconds: 1)).allSatisfy { $0 == nil })
    }

    @Test(
        arguments: [
            ("server restarting, reconnect in 12 s", 12), ("reconnect in 0 s", 0), ("server stopping", nil),
            ("reconnect in soon", nil), ("reconnect in 99999999999999999999 s", nil), ("reconnect in 4000 s", nil),
        ] as [(String, Double?)])
    func `the advised wait is read from the reason`(reason: String, seconds: Double?) {
        #expect(StreamEnd.advisedSeconds(in: Array(reason.utf8)) == seconds)
    }
}
