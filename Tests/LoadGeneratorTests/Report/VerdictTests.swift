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

    @Test func `missing answers to a punctual generator are the server's, whatever its CPU`() {
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

    @Test func `both at their limit is unclear, and so is a full generator with an unwatched server`() {
        let both = sample {
            $0.generatorBusyShare = 0.95
            $0.serverCores = 1.8
            $0.answeredShare = 0.8
        }
        #expect(Verdict(both.report()).kind == .unclear)
        #expect(Verdict(both.report()).sentence.contains("of the messages were accepted"))
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

    @Test func `a violation is the server's fault, although the target is reached`() {
        let faults: [(WritableKeyPath<Counters, Int>, String)] = [
            (\.lost, "lost"), (\.duplicated, "duplicated"), (\.outOfOrder, "out of order"),
            (\.foreign, "of another shop"), (\.corruptFrames, "corrupt"),
        ]
        for (fault, name) in faults {
            var report = sample().report()
            report.counters[keyPath: fault] = 3
            #expect(Verdict(report).kind == .serverIsAtFault)
            #expect(Verdict(report).sentence.contains("3 were \(name)"))
            #expect(Verdict.isReached(report))
        }
    }

    @Test func `a loss may be a busy generator's, a duplicate is the server's`() {
        var report = sample { $0.generatorBusyShare = 0.95 }.report()
        report.counters.lost = 1
        #expect(Verdict(report).kind == .generatorIsTheLimit)
        report.counters.duplicated = 1
        #expect(Verdict(report).kind == .serverIsAtFault)
        #expect(!Verdict(report).sentence.contains("lost"))
        // A late generator with time left reads everything in the end.
        var late = sample { $0.lateness = 1_800_000...2_200_000 }.report()
        #expect(Verdict(late).kind == .generatorIsTheLimit)
        late.counters.lost = 1
        #expect(Verdict(late).kind == .serverIsAtFault)
    }

    @Test func `refused messages are no success, and are named`() {
        var report = sample { $0.answeredShare = 0.5 }.report()
        report.counters.statuses[503] = 1_500
        #expect(Verdict(report).kind == .serverIsTheLimit)
        #expect(Verdict(report).sentence.contains("only 49.9 % of the messages were accepted"))
        #expect(Verdict(report).sentence.contains("1,500 messages were refused"))
        #expect(KeyFigures(report).refusedCount == 1_500)
    }

    @Test func `two messages that are answered after the phase are no shortfall, three are`() {
        for (missing, kind) in [(2, Verdict.Kind.neither), (3, .serverIsTheLimit)] {
            var report = sample { $0.messagesPerSecond = 10 }.report()
            for index in report.seconds.indices where report.seconds[index].offered > 0 {
                report.seconds[index].offered = 5
                report.seconds[index].answered = 5
            }
            report.seconds[19].answered -= missing
            #expect(Verdict(report).kind == kind)
        }
    }

    @Test func `a scenario without streams misses none`() {
        var report = sample { $0.connectionCount = 0 }.report()
        #expect(KeyFigures(report).openShareMin == nil)
        #expect(Verdict(report).kind == .neither)
        report.scenario.connectionCount = 1
        #expect(Verdict(report).kind == .serverIsTheLimit)
    }

    @Test func `streams that the scenario took away are not missing, others are`() {
        var report = sample().report()
        report.seconds[12].openConnections = 4_500
        report.seconds[12].awayConnections = 500
        #expect(KeyFigures(report).openShareMin == 1)
        #expect(Verdict(report).kind == .neither)
        report.seconds[12].openConnections = 4_400
        #expect(Verdict(report).kind == .serverIsTheLimit)
        // All of them away at once, as in a storm.
        report.seconds[12].openConnections = 0
        report.seconds[12].awayConnections = 5_000
        #expect(Verdict(report).kind == .neither)
    }

    @Test func `a long delay before reading is the generator's limit too`() {
        let report = sample { $0.receiveDelay = 1_800_000...2_200_000 }.report()
        #expect(Verdict(report).kind == .generatorIsTheLimit)
        #expect(Verdict(report).sentence.contains("receive delay p99 2"))
        let slow = sample {
            $0.receiveDelay = 1_800_000...2_200_000
            $0.medianLatency = 9_000_000
        }
        #expect(Verdict(slow.report()).kind == .neither)
    }

    @Test func `posting connections that were all busy are named when the target is missed`() {
        var report = sample { $0.answeredShare = 0.9 }.report()
        #expect(!Verdict(report).sentence.contains("--posters"))
        report.generator.allPostersBusyCount = Int(report.generator.lateness.count / 2)
        #expect(Verdict(report).sentence.contains("All posting connections were busy when 50.0 %"))
    }

    @Test func `lost streams and missing deliveries miss the target`() {
        var closed = sample().report()
        closed.seconds[12].openConnections = 4900
        #expect(Verdict(closed).kind == .serverIsTheLimit)
        var lost = sample().report()
        lost.counters.delivered -= lost.counters.expectedDeliveries / 50
        #expect(Verdict(lost).kind == .serverIsTheLimit)
        #expect(Verdict(lost).sentence.contains("of the deliveries came"))
    }
}
