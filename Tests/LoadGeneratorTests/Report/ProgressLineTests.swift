import Testing

@testable import LoadGenerator

@Suite struct ProgressLineTests {
    private let calm = ProgressMeter.Progress(
        elapsed: .milliseconds(12_700), stage: "measuring", fraction: 0.55, openStreams: 1_000, streamCount: 1_000,
        givenUp: 0, postsPerSecond: 200.4, deliveriesPerSecond: 200_400, p50: 512_000, p99: 3_204_000, backlog: 0,
        refused: 0, faults: 0)

    @Test func `a log's line has every part and no bar`() {
        #expect(
            ProgressLine(calm).text
                == "12 s measuring  1,000 streams  p99 3.20 ms  200 posts/s  200,400 deliveries/s  p50 512 µs")
    }

    @Test func `a wide terminal shows a bar as well`() {
        #expect(ProgressLine(calm, columnCount: 120).text == "\(ProgressLine(calm).text)  ###########.........")
    }

    @Test func `a usual terminal's line ends before its last column`() {
        #expect(
            ProgressLine(calm, columnCount: 80).text
                == "12 s measuring  1,000 streams  p99 3.20 ms  200 posts/s  200,400 deliveries/s")
    }

    @Test(arguments: 1...130) func `no line reaches the end of a terminal`(columnCount: Int) {
        var busy = calm
        busy.stage = "warming up"
        busy.openStreams = 99_000
        busy.streamCount = 100_000
        (busy.givenUp, busy.backlog, busy.refused, busy.faults) = (1_000, 70_000, 12, 3)
        for progress in [calm, busy] {
            #expect(ProgressLine(progress, columnCount: columnCount).text.count < columnCount)
        }
        if columnCount > 60 { #expect(ProgressLine(busy, columnCount: columnCount).text.contains("3 FAULTS")) }
    }

    @Test func `streams that are missing are counted against those that are meant to be open`() {
        var opening = calm
        opening.stage = "connecting"
        opening.openStreams = 812
        (opening.p50, opening.p99) = (nil, nil)
        #expect(ProgressLine(opening).text.hasPrefix("12 s connecting  812 of 1,000 streams  200 posts/s"))
    }
}
