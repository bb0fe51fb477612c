import Testing

@testable import LoadGenerator

@Suite struct VerdictTests {
    private func sample(_ change: (inout SampleReport) -> Void = { _ in }) -> SampleReport {
        var sample = SampleReport()
        sample.steadySeconds = 10
        change(&sample)
        return sample
    }

    @Test func `a reached target with room on both sides is neither`() {
        let verdict = Verdict(sample().report())
        #expect(verdict.kind == .neither)
        #expect(verdict.sentence.contains("5,000 streams"))
    }

    @Test func `missing answers behind a punctual generator are the server's, whatever its CPU`() {
        for cores in [0.3, 1.9] {
            let report = sample {
                $0.answeredShare = 0.9
                $0.serverCores = cores
            }.report()
            #expect(Verdict(report).kind == .serverIsTheLimit)
        }
        let unwatched = sample {
            $0.answeredShare = 0.9
            $0.watchesServer = false
        }.report()
        #expect(Verdict(unwatched).kind == .serverIsTheLimit)
    }

    @Test func `a busy reactor is the generator's limit when the server has room`() {
        #expect(Verdict(sample { $0.generatorBusyShare = 0.85 }.report()).kind == .generatorIsTheLimit)
        #expect(Verdict(sample { $0.generatorBusyShare = 0.84 }.report()).kind == .neither)
    }

    @Test func `lateness counts beyond 1 ms and a quarter of the latency`() {
        let within = sample { $0.lateness = 400_000...990_000 }
        #expect(Verdict(within.report()).kind == .neither)
        let beyond = sample { $0.lateness = 1_800_000...2_200_000 }
        #expect(Verdict(beyond.report()).kind == .generatorIsTheLimit)
        #expect(Verdict(beyond.report()).sentence.contains("kept it from its processor"))
        // The same lateness is a small part of latencies ten times as high.
        let slow = sample {
            $0.lateness = 1_800_000...2_200_000
            $0.medianLatency = 9_000_000
        }
        #expect(Verdict(slow.report()).kind == .neither)
    }

    @Test func `messages that a late generator did not send are its own limit`() {
        let report = sample {
            $0.sentShare = 0.9
            $0.answeredShare = 0.9
            $0.lateness = 1_500_000...1_600_000
        }
        #expect(Verdict(report.report()).kind == .generatorIsTheLimit)
    }

    @Test func `both at their limit is unclear, and so is a full generator before an unwatched server`() {
        let both = sample {
            $0.generatorBusyShare = 0.95
            $0.serverCores = 1.8
            $0.answeredShare = 0.8
        }
        #expect(Verdict(both.report()).kind == .unclear)
        #expect(Verdict(both.report()).sentence.contains("of the messages were answered"))
        let unwatched = sample {
            $0.generatorBusyShare = 0.95
            $0.watchesServer = false
        }
        #expect(Verdict(unwatched.report()).kind == .unclear)
    }

    @Test func `without a steady second or the generator's figures it is unclear`() {
        var report = sample().report()
        report.generator.reactors = []
        #expect(Verdict(report).kind == .unclear)
        var empty = sample().report()
        empty.seconds = []
        #expect(Verdict(empty).kind == .unclear)
    }

    @Test func `streams that broke off and deliveries that did not come are a target missed`() {
        var closed = sample().report()
        closed.seconds[12].openConnections = 4900
        #expect(Verdict(closed).kind == .serverIsTheLimit)
        var lost = sample().report()
        lost.counters.delivered -= lost.counters.expectedDeliveries / 50
        #expect(Verdict(lost).kind == .serverIsTheLimit)
        #expect(Verdict(lost).sentence.contains("of the deliveries came"))
    }
}
