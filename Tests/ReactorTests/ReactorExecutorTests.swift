import Primitives
import Synchronization
import Testing

@testable import Reactor

/// The reactor as an executor, its timers, and its wake-ups, none of which may be lost, on each driver of the system.
@Suite(.timeLimit(.minutes(5))) struct ReactorExecutorTests {
    @Test(arguments: systemDrivers)
    func `a task runs on its reactor and returns there from another`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver, count: 2)
            let (here, there) = (live.reactors[0], live.reactors[1])
            for _ in 0..<200 {
                let places = await Task(executorPreference: here) {
                    let before = here.isCurrent
                    let elsewhere = await Task(executorPreference: there) { there.isCurrent && !here.isCurrent }.value
                    return [before, elsewhere, here.isCurrent]
                }.value
                #expect(places == [true, true, true])
            }
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `more jobs than a turn's budget all run`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver)
            let reactor = live.reactors[0]
            let sum = await Task(executorPreference: reactor) {
                await withTaskGroup(of: Int.self) { group in
                    for number in 0..<10_000 { group.addTask(executorPreference: reactor) { number } }
                    return await group.reduce(0, +)
                }
            }.value
            #expect(sum == 10_000 * 9_999 / 2)
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `a job that yields without end lets completions, commands and timers run`(
        driver: any SystemDriver.Type
    ) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver)
            let reactor = live.reactors[0]
            let yielder = Task(executorPreference: reactor) {
                var count = 0
                while !Task.isCancelled {
                    count += 1
                    await Task.yield()
                }
                return count
            }
            let seen = SeenNumber()
            await live.on { reactor in
                reactor.handler.onCommand = { seen.store($0) }
                _ = reactor.schedule(at: reactor.now + .milliseconds(10), token: 1)
            }
            #expect(reactor.post(-7, from: nil))
            // A connection's bytes come back by completions and by what the turn's end sends.
            let client = try LiveClient(port: live.port)
            let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
            try client.write(bytes)
            let echoed = try client.read(exactly: bytes.count)
            client.close()
            #expect(echoed == bytes)
            await live.until { $0.handler.firedTokens == [1] }
            #expect(seen.load() == -7)
            let counts = await live.on { [$0.statistics.turnCount, $0.statistics.jobCount] }
            yielder.cancel()
            // Turns are as many as slices: each turn runs the job once, and the few jobs of this test.
            let yieldCount = await yielder.value
            #expect(yieldCount > 0)
            #expect(counts[1] <= 2 * counts[0] + 1_000)
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `timers fire in an idle reactor, and a cancelled one does not`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver)
            await live.on { reactor in
                let now = reactor.io.now
                _ = reactor.schedule(at: now + .milliseconds(30), token: 3)
                let cancelled = reactor.schedule(at: now + .milliseconds(20), token: 2)
                _ = reactor.schedule(at: now + .milliseconds(10), token: 1)
                reactor.cancel(cancelled)
            }
            await live.until { $0.handler.firedTokens.count == 2 }
            #expect(await live.on { $0.handler.firedTokens } == [1, 3])
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `no wake-up of another thread is lost`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver)
            let seen = SeenNumber()
            await live.on { $0.handler.onCommand = { seen.store($0) } }
            let reactor = live.reactors[0]
            // A lost wake-up leaves the reactor asleep, as it has no timer; the time limit then ends the test.
            let poster = ReactorThread(name: "poster") {
                for number in 0..<50_000 {
                    while !reactor.post(-number, from: nil) { yieldProcessor() }
                    while seen.load() != -number { yieldProcessor() }
                }
            }
            poster.join()
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    @Test(arguments: systemDrivers)
    func `no wake-up between reactors is lost`(driver: any SystemDriver.Type) async throws {
        func body<IO: SystemDriver>(_ driver: IO.Type) async throws {
            let live = try LiveReactors(driver, count: 2)
            let (here, there) = (live.reactors[0], live.reactors[1])
            let seen = SeenNumber()
            for index in 0..<2 {
                await live.on(index) { reactor in
                    reactor.handler.other = index == 0 ? there : here
                    reactor.handler.onCommand = { if $0 == 0 { seen.store(-1) } }
                }
            }
            #expect(here.post(50_000, from: nil))
            while seen.load() != -1 { yieldProcessor() }
            #expect(await live.stop() == [])
        }
        try await body(driver)
    }

    /// The last number that a reactor saw.
    private final class SeenNumber: Sendable {
        private let number = Atomic<Int>(1)
        func store(_ value: Int) { number.store(value, ordering: .releasing) }
        func load() -> Int { number.load(ordering: .acquiring) }
    }
}
