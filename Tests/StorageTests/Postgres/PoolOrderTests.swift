import Primitives
import Testing

@testable import Storage

/// Within a key, a shop's, commits are in the order of the requests, whatever fails: a client that catches up by time
/// would miss a message that is committed after a later one.
@Suite struct PoolOrderTests {
    private static func readyMachine(connectionCount: Int, batchCountMax: Int, now: MonotonicInstant) -> PoolMachine {
        var settings = PoolSettings()
        settings.connectionCount = connectionCount
        settings.batchCountMax = batchCountMax
        var machine = PoolMachine(settings: settings, jitterSeed: 7, now: now)
        _ = machine.ticked(at: now)
        for index in 0..<connectionCount {
            _ = machine.connected(index, at: now)
            _ = machine.prepared(index, at: now)
        }
        return machine
    }

    @Test func `transactions of one key are not in flight together, those of different keys are`() {
        let now = MonotonicInstant(nanoseconds: 1_000_000_000)
        var machine = Self.readyMachine(connectionCount: 1, batchCountMax: 3, now: now)
        for (id, key) in [(1, 7), (2, 7), (3, 7), (4, 8)] as [(UInt64, UInt64)] {
            _ = machine.requested(PoolRequest(id: id, kind: .append, key: key, deadline: now + .seconds(5)), at: now)
        }
        machine.commandCompleted(on: 0)
        _ = machine.synced(on: 0, at: now)
        // The commit of the three fails: from here on each has a transaction of its own.
        for _ in 1...3 { machine.commandCompleted(on: 0) }
        machine.commandFailed(StorageError(.invalid), on: 0)
        let again = machine.synced(on: 0, at: now)
        #expect(again.count == 1, "only the first of the key: after a failure it would be sent again after the second")
        machine.commandFailed(StorageError(.busy), isTransient: true, on: 0)
        #expect(machine.synced(on: 0, at: now) == again)
        machine.commandCompleted(on: 0)
        let next = machine.synced(on: 0, at: now)
        #expect(next.count == 3, "the first is answered; the second and the other key's are sent together")
    }

    /// A server that runs the requests of the machine, and commits or fails them at random. Connections die
    /// before or after the machine has read the result.
    private struct World {
        var machine: PoolMachine
        var generator: SeededGenerator
        var now = MonotonicInstant(nanoseconds: 1_000_000_000)
        /// What was sent on each connection and not run yet, then what was run and not read yet.
        var sent: [[PoolSegment]]
        var ran: [[Outcome]]
        var isOpen: [Bool]
        /// The appends that are committed, in their order.
        var committed: [UInt64] = []
        var answered: [UInt64: StorageError?] = [:]

        enum Outcome {
            case committed(PoolSegment)
            case failed(PoolSegment, at: Int?, isTransient: Bool)
        }

        mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &generator) == 0 }

        mutating func perform(_ actions: [PoolAction]) {
            for action in actions {
                switch action {
                case .connect(let index): perform(machine.connected(index, at: now))
                case .prepare(let index):
                    isOpen[index] = true
                    perform(machine.prepared(index, at: now))
                case .send(let index, let segment): sent[index].append(segment)
                case .disconnect(let index): isOpen[index] = false
                case .answer(let id, let error): answered[id] = .some(error)
                }
            }
        }

        /// The server runs the next segment of a connection.
        mutating func run(_ index: Int) {
            guard !sent[index].isEmpty else { return }
            let segment = sent[index].removeFirst()
            guard chance(3) else {
                // An id that exists already is skipped, as by the statement.
                for command in segment.commands where !committed.contains(command.request) {
                    committed.append(command.request)
                }
                return ran[index].append(.committed(segment))
            }
            let place = chance(3) ? nil : Int.random(in: 0..<segment.commands.count, using: &generator)
            ran[index].append(.failed(segment, at: place, isTransient: chance(2)))
        }

        /// The machine reads how the next segment ended.
        mutating func read(_ index: Int) {
            guard isOpen[index], !ran[index].isEmpty else { return }
            switch ran[index].removeFirst() {
            case .committed(let segment): for _ in segment.commands { machine.commandCompleted(on: index) }
            case .failed(let segment, let place, let isTransient):
                let error = StorageError(.busy, detail: "chance")
                for position in segment.commands.indices {
                    if let place, position == place {
                        machine.commandFailed(error, isTransient: isTransient, on: index)
                    } else if let place, position > place {
                        machine.commandAborted(on: index)
                    } else {
                        machine.commandCompleted(on: index)
                    }
                }
                if place == nil { machine.commandFailed(error, isTransient: isTransient, on: index) }
            }
            perform(machine.synced(on: index, at: now))
        }

        /// The connection dies: the server runs what has reached it, and the machine reads no result.
        mutating func lose(_ index: Int) {
            guard isOpen[index] else { return }
            while !sent[index].isEmpty { if chance(2) { run(index) } else { sent[index].removeLast() } }
            ran[index] = []
            isOpen[index] = false
            perform(machine.disconnected(index, lost, at: now))
        }
    }

    @Test(arguments: 0..<200)
    func `commits of a key are in the order of its requests over every kind of failure`(seed: UInt64) {
        let now = MonotonicInstant(nanoseconds: 1_000_000_000)
        let connectionCount = Int(seed % 4) + 1
        var world = World(
            machine: Self.readyMachine(connectionCount: connectionCount, batchCountMax: 4, now: now),
            generator: SeededGenerator(seed: seed), sent: Array(repeating: [], count: connectionCount),
            ran: Array(repeating: [], count: connectionCount), isOpen: Array(repeating: true, count: connectionCount))
        var keys: [UInt64: UInt64] = [:]
        var requestCount: UInt64 = 0
        for step in 0..<600 {
            let index = Int.random(in: 0..<connectionCount, using: &world.generator)
            if step < 400, world.chance(3) {
                requestCount += 1
                let key = UInt64.random(in: 0..<3, using: &world.generator)
                keys[requestCount] = key
                world.perform(
                    world.machine.requested(
                        PoolRequest(id: requestCount, kind: .append, key: key, deadline: world.now + .seconds(60)),
                        at: world.now))
            } else if world.chance(2) {
                world.run(index)
            } else if world.chance(20) {
                world.lose(index)
            } else {
                world.read(index)
            }
            world.now = world.now + .milliseconds(10)
            world.perform(world.machine.ticked(at: world.now))
        }
        for key in 0..<3 as Range<UInt64> {
            // An append that was answered as uncertain may appear at any time: the listener looks it up.
            let commits = world.committed.filter { id in
                keys[id] == key && (world.answered[id] ?? nil)?.isOutcomeUnknown != true
            }
            #expect(commits == commits.sorted(), "seed \(seed), key \(key)")
        }
        #expect(world.committed.count > 20, "seed \(seed)")
    }
}

private let lost = StorageError(.unavailable, detail: "lost")
