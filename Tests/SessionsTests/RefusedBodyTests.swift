import Primitives
import Testing

@testable import Sessions

@Suite struct RefusedBodyTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    private func body(isEndKnown: Bool = true, isWithheld: Bool = false) -> RefusedBody {
        RefusedBody(isEndKnown: isEndKnown, isWithheld: isWithheld, at: start)
    }

    @Test func `the next bytes have five seconds, and all of them thirty`() {
        let body = body()
        #expect(body.wait(at: start) == .seconds(5))
        #expect(body.wait(at: start + .seconds(25)) == .seconds(5))
        #expect(body.wait(at: start + .seconds(28)) == .seconds(2))
        #expect(body.wait(at: start + .seconds(30)) == nil)
    }

    @Test func `at most 64 MiB of a refused body are read`() {
        var body = body()
        body.received(byteCount: 64 << 20)
        #expect(body.wait(at: start) == .seconds(5))
        body.received(byteCount: 1)
        #expect(body.wait(at: start) == nil)
    }

    @Test func `our side is shut down first when the end of the body cannot be recognised`() {
        #expect(body().keepsSideOpen)
        #expect(!body(isEndKnown: false).keepsSideOpen)
        #expect(!body(isWithheld: true).keepsSideOpen)
    }
}
