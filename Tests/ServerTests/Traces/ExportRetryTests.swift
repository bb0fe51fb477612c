import Testing

@testable import Server

@Suite struct ExportRetryTests {
    private static func answer(_ status: Int, _ seconds: Int? = nil) -> ExportResult {
        .answered(status: status, retryAfterSeconds: seconds)
    }

    @Test(arguments: [200, 202, 299])
    func `a batch that was taken is exported`(status: Int) {
        var retry = ExportRetry()
        #expect(retry.next(after: Self.answer(status)) == .exported)
    }

    @Test(arguments: [429, 502, 503, 504])
    func `a collector that is overloaded is asked again, later and later, then no more`(status: Int) {
        var retry = ExportRetry()
        for seconds in [1, 2, 4] {
            #expect(retry.next(after: Self.answer(status)) == .pause(.seconds(seconds)))
        }
        #expect(retry.next(after: Self.answer(status)) == .giveUp)
    }

    @Test func `a collector that is away is asked again`() {
        var retry = ExportRetry()
        #expect(retry.next(after: .failed("Connection refused")) == .pause(.seconds(1)))
        #expect(retry.next(after: Self.answer(200)) == .exported)
    }

    @Test func `the pause that the collector names counts, up to a limit`() {
        var retry = ExportRetry()
        #expect(retry.next(after: Self.answer(429, 7)) == .pause(.seconds(7)))
        #expect(retry.next(after: Self.answer(503, 3_600)) == .pause(.seconds(30)))
        #expect(retry.next(after: Self.answer(503, -1)) == .pause(.zero))
    }

    @Test(arguments: [301, 400, 401, 404, 413, 500, 501])
    func `any other answer refuses the batch`(status: Int) {
        var retry = ExportRetry()
        #expect(retry.next(after: Self.answer(status)) == .giveUp)
    }
}
