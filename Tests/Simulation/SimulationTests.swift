import Testing

/// The whole server under faults, replayed from seeds. See README.md for running one, or thousands.
@Suite(.serialized) struct SimulationTests {
    /// Runs the seeds in their order and adds up their events. The output names the seed before it runs, as a
    /// broken precondition of the server ends the process, and after it the hash of its trace: a change that alters no
    /// behaviour leaves the hashes alone.
    private static func run(_ seeds: [UInt64]) async -> [String: Int] {
        var tally: [String: Int] = [:]
        for seed in seeds {
            print("simulation: seed \(seed)")
            let outcome = await Simulation.run(seed: seed)
            print("simulation: seed \(seed) has trace \(String(outcome.trace, radix: 16))")
            #expect(outcome.violations.isEmpty, "replay with SIMULATION_SEED=\(seed)")
            tally.merge(outcome.tally, uniquingKeysWith: +)
        }
        return tally
    }

    @Test(.enabled(if: !Seeds.areGiven)) func `the server keeps its promises from known seeds`() async {
        let tally = await Self.run(Seeds.fixed)
        // A simulation in which nothing happens proves nothing.
        let events = [
            "stored", "posts answered", "deliveries", "lists", "pages", "caught up", "pings", "pongs", "writes failed",
            "refusals", "posts over the rate", "lists over the limit",
            "slow consumers", "streams cut", "request clients reset", "request clients vanished", "handshakes 101",
            "handshakes 429", "handshakes 503", "closed with 1001", "closed with 1012", "closed with 1002",
            "closed with 1009",
            "closed with 4401", "closed with 4408", "tokens refused", "clock set back", "reloads", "left by close",
            "left by reset", "left by halfClose", "left by vanish",
            "left by garbage", "left by oversize",
        ]
        for event in events { #expect(tally[event, default: 0] > 0, "\(event): never") }
    }

    @Test func `the server keeps its promises from fresh seeds`() async {
        _ = await Self.run(Seeds.others)
    }

    @Test(.enabled(if: !Seeds.areGiven), arguments: [3, 17, 32] as [UInt64])
    func `a seed repeats its run exactly`(seed: UInt64) async {
        let first = await Simulation.run(seed: seed)
        let second = await Simulation.run(seed: seed)
        let other = await Simulation.run(seed: seed + 1)
        #expect(first.trace == second.trace)
        #expect(first.tally == second.tally)
        #expect(first.trace != other.trace)
    }

    @Test(.enabled(if: !Seeds.areGiven), arguments: Flaw.allCases)
    func `a deliberate flaw is found`(flaw: Flaw) async {
        var foundCount = 0
        for seed in 1...8 as ClosedRange<UInt64> {
            let outcome = await Simulation.run(seed: seed, flaw: flaw)
            if !outcome.violations.isEmpty { foundCount += 1 }
        }
        #expect(foundCount > 0, "no check finds the flaw")
    }
}
