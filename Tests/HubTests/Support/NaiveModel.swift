import Hub
import Primitives
import Testing

/// Drives a shard with random events and compares each byte with a queue for each client.
final class NaiveModel {
    var generator: SeededGenerator
    let limits: HubLimits
    let shops: [ShopID]
    let encodings: [StreamEncoding]
    let slotCount: Int
    var shard: HubShard
    var clients: [ConnectionID: NaiveClient] = [:]
    /// The keys of `clients` in a stable order, so that a seed replays.
    var order: [ConnectionID] = []
    var generations: [UInt32: UInt32] = [:]
    var expectedSlow: Set<ConnectionID> = []
    var frameCount = 0
    /// The time of the next flush, in nanoseconds.
    var now: UInt64 = 0
    var problem: String?

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        var limits = HubLimits()
        limits.waitingMessageCountMax = Int.random(in: 1...24, using: &generator)
        limits.waitingByteCountMax = Int.random(in: 100...6000, using: &generator)
        limits.singleSendByteCountMax = generator.oneIn(2) ? 256 << 10 : Int.random(in: 1...300, using: &generator)
        limits.quantumByteCount = Int.random(in: 1...4000, using: &generator)
        limits.sendPriceByteCount = Int.random(in: 0...2048, using: &generator)
        limits.waitingPongByteCountMax = Int.random(in: 131...400, using: &generator)
        limits.keptByteCountMax = generator.oneIn(2) ? 1 << 20 : 0
        self.limits = limits
        shops = (0..<Int.random(in: 1...9, using: &generator)).map { ShopID("shop \($0)") }
        encodings = [.plain, StreamEncoding(rawValue: 3)].compactMap { $0 }
        slotCount = Int.random(in: 1...60, using: &generator)
        shard = HubShard(limits: limits, subscriberCapacity: slotCount)
    }

    func fail(_ text: String) {
        if problem == nil { problem = text }
    }

    func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { fail(text()) }
    }

    // MARK: - Events

    /// One random event outside of a flush, or between a flush and `submitted`.
    func step() {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<14: subscribe()
        case 14..<20: unsubscribe()
        case 20..<55: publish()
        case 55..<75: makeRoom()
        default: control()
        }
    }

    /// A flush with a random budget, other events before the reports, the reports in random order.
    func flush(isUnlimited: Bool = false) {
        let sendCount = isUnlimited ? Int.max : Int.random(in: 0...40, using: &generator)
        let byteCount = isUnlimited ? Int.max : Int.random(in: 0...9000, using: &generator)
        var budget = FlushBudget(sendCount: sendCount, byteCount: byteCount)
        var sink = RecordingSink()
        now += UInt64.random(in: 0...1 << 31, using: &generator)
        shard.flush(at: MonotonicInstant(nanoseconds: now), budget: &budget, into: &sink)
        expect(sink.sends.count <= sendCount, "a flush sent more often than its budget allows")
        for send in sink.sends { check(send) }
        if isUnlimited { for id in order { clients[id]?.mayStillCount = false } }
        var pending = sink.sends.shuffled(using: &generator)
        // After the first difference the two no longer describe the same thing.
        while problem == nil, let send = pending.popLast() {
            while !isUnlimited, generator.oneIn(4) { step() }
            report(send, isWhole: isUnlimited || !generator.oneIn(3))
        }
        if problem != nil { return }
        // Those of unsubscribed clients too: the kernel reads the bytes that it was given.
        expect(sink.sends.allSatisfy(\.offered.isUnmoved), "bytes moved or changed before the submission was over")
        shard.submitted()
        drainSlowConsumers()
    }

    /// Makes room everywhere and flushes until nothing is owed.
    func drain() {
        for _ in 0..<100_000 {
            for id in order where clients[id]?.isBlocked == true { becameWritable(id) }
            flush(isUnlimited: true)
            if problem != nil { return }
            if !shard.needsFlush { break }
        }
        for id in order {
            guard let client = clients[id], !client.isEnded else { continue }
            expect(client.messages.isEmpty && client.own.isEmpty, "\(id) is owed something after all")
        }
        expect(shard.trailingCount == 0, "\(shard.trailingCount) trail when nothing is owed")
        expect(shard.retainedByteCount == 0, "\(shard.retainedByteCount) bytes are retained when nothing is owed")
        expect(shard.lentByteCount == 0, "\(shard.lentByteCount) bytes are lent when nothing is owed")
        // Fewer when a topic ended with its last subscriber.
        let deliveredFrameCount = shard.busiestShops(countMax: 9, at: MonotonicInstant(nanoseconds: now)).reduce(0) {
            $0 + $1.deliveredFrameCount
        }
        expect(deliveredFrameCount <= shard.deliveredFrameCount, "the shops delivered more than the shard")
        checkCounts()
    }

    func end() {
        for id in order { expect(shard.unsubscribe(id), "\(id) was not subscribed") }
        expect(shard.subscriberCount == 0 && shard.shopCount == 0, "something is left at the end")
        expect(shard.lentByteCount == 0, "\(shard.lentByteCount) bytes are lent at the end")
    }

    func checkCounts() {
        if clients.values.contains(where: { $0.mayStillCount }) { return }
        let attached = order.filter { clients[$0]?.isAttached == true && clients[$0]?.isEnded == false }
        expect(shard.subscriberCount == attached.count, "\(shard.subscriberCount) subscribers, not \(attached.count)")
        for shop in shops {
            var found: Set<ConnectionID> = []
            shard.forEachSubscriber(of: shop) { id in
                expect(found.insert(id).inserted, "\(id) is named twice")
            }
            let owed = Set(attached.filter { clients[$0]?.shop == shop })
            expect(found == owed, "the subscribers of \(shop) differ")
            expect(shard.subscriberCount(of: shop) == owed.count, "the count of \(shop) differs")
        }
    }

    private func subscribe() {
        let slot = UInt32.random(in: 0..<UInt32(slotCount), using: &generator)
        if order.contains(where: { $0.slot == slot }) { return }
        let generation = (generations[slot] ?? 0) + 1
        generations[slot] = generation
        let id = ConnectionID(slot: slot, generation: generation)
        var client = NaiveClient(
            shop: shops[Int.random(in: 0..<shops.count, using: &generator)],
            encoding: encodings[generator.oneIn(4) ? 1 : 0])
        let prefix = generator.oneIn(2) ? bytes(Int.random(in: 1...400, using: &generator), mark: "H") : []
        if !prefix.isEmpty { client.own = [NaiveClient.Own(kind: nil, bytes: prefix[...])] }
        let result = shard.subscribe(id, to: client.shop, encoding: client.encoding, prefix: prefix.span)
        expect(result == .subscribed, "a subscription was refused")
        clients[id] = client
        order.append(id)
    }

    private func unsubscribe() {
        guard let id = order.randomElement(using: &generator) else { return }
        expect(shard.unsubscribe(id), "\(id) was not subscribed")
        expect(!shard.unsubscribe(id), "\(id) was subscribed twice")
        order.removeAll { $0 == id }
        clients[id] = nil
        expectedSlow.remove(id)
    }

    private func publish() {
        let shop = shops[Int.random(in: 0..<shops.count, using: &generator)]
        let encoding = encodings[generator.oneIn(4) ? 1 : 0]
        let size = generator.oneIn(20) ? Int.random(in: 1000...3000, using: &generator) : 60
        let frame = bytes(Int.random(in: 1...size, using: &generator), mark: "M")
        var recipientCount = 0
        var uncertainCount = 0
        for id in order {
            guard var client = clients[id], client.shop == shop, client.encoding == encoding else { continue }
            if client.mayStillCount { uncertainCount += 1 }
            guard client.isAttached, !client.isEnded else { continue }
            if client.isClosing {
                // The client's last send is in flight. After a single send the hub counts the client until the report.
                if client.closeAfterCount == nil, client.isInGroupSend { continue }
            }
            if client.isSlow(limits, incoming: frame.count) {
                client.detach()
                if !client.isClosing { expectedSlow.insert(id) }
            } else {
                client.messages.append(frame)
                recipientCount += 1
            }
            clients[id] = client
        }
        let result = shard.publish(frame.span, to: shop, encoding: encoding)
        let expected = recipientCount...recipientCount + uncertainCount
        let isExpected = expected.contains { result == .published(recipientCount: $0) }
        expect(isExpected, "\(result), expected \(expected)")
    }

    private func makeRoom() {
        guard let id = order.randomElement(using: &generator) else { return }
        becameWritable(id)
    }

    private func becameWritable(_ id: ConnectionID) {
        shard.becameWritable(id)
        clients[id]?.isBlocked = false
    }

    private func control() {
        guard let id = order.randomElement(using: &generator), var client = clients[id] else { return }
        let kind: ControlFrameKind =
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: .close
            case 1: .closeAfterMessages
            case 2...9: .ping
            default: .pong
            }
        let frame = bytes(Int.random(in: 1...131, using: &generator), mark: "C")
        let isTaken = client.enqueue(kind, frame, pongByteCountMax: limits.waitingPongByteCountMax)
        clients[id] = client
        expect(shard.enqueueControl(kind, frame.span, to: id) == isTaken, "\(kind) to \(id): expected \(isTaken)")
    }

    // MARK: - Checks

    private func check(_ send: RecordingSink.Send) {
        guard var client = clients[send.connection] else { return fail("a send to an unknown client") }
        expect(client.inFlight == nil, "two sends in flight for \(send.connection)")
        expect(!client.isBlocked && !client.isEnded, "a send to \(send.connection), which is blocked or ended")
        if send.isGroup {
            expect(client.own.isEmpty && client.sentOfFirst == 0, "a trySend to the trailing \(send.connection)")
        }
        expect(!send.bytes.isEmpty, "an empty send")
        let owed = client.nextBytes(isGroup: send.isGroup)
        expect(owed.starts(with: send.bytes), "\(send.connection) is sent what it is not owed")
        client.offer(byteCount: send.bytes.count, isGroup: send.isGroup)
        clients[send.connection] = client
    }

    private func report(_ send: RecordingSink.Send, isWhole: Bool) {
        let sent = isWhole ? send.bytes.count : Int.random(in: 0..<send.bytes.count, using: &generator)
        let id = send.connection
        guard var client = clients[id] else {
            // Unsubscribed meanwhile: the report is stale.
            let followUp =
                send.isGroup
                ? shard.shortSend(id, sentByteCount: sent) : shard.sendCompleted(id, sentByteCount: sent)
            return expect(followUp == .none, "a stale report was answered \(followUp)")
        }
        let wasAttached = client.isAttached
        let expected = client.complete(sent: sent)
        if wasAttached, client.isSlow(limits, incoming: nil) {
            client.detach()
            if !client.isClosing { expectedSlow.insert(id) }
        }
        clients[id] = client
        // For current subscribers that took all bytes nothing is reported.
        if send.isGroup, isWhole { return }
        let followUp =
            send.isGroup
            ? shard.shortSend(id, sentByteCount: sent) : shard.sendCompleted(id, sentByteCount: sent)
        expect(followUp == expected, "\(id): \(followUp), expected \(expected)")
    }

    func drainSlowConsumers() {
        var found: Set<ConnectionID> = []
        while let id = shard.nextSlowConsumer() {
            expect(found.insert(id).inserted, "\(id) is reported twice as slow")
        }
        // One that ended meanwhile by its close frame is not reported.
        let expected = expectedSlow.filter { clients[$0]?.isEnded == false }
        expect(found == expected, "slow: \(found), expected \(expected)")
        expectedSlow = []
    }

    private func bytes(_ count: Int, mark: Character) -> [UInt8] {
        frameCount += 1
        return Array("\(mark)\(frameCount)|\(String(repeating: "x", count: count))".utf8.prefix(count))
    }
}

extension SeededGenerator {
    /// True once in `count`.
    mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}
