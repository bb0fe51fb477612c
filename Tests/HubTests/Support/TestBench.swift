import Hub
import Primitives

/// A shard with sockets of limited room: what the reactor and the kernel do, in a few lines.
final class TestBench {
    var shard: HubShard
    /// The time of the next flush.
    var now = MonotonicInstant(nanoseconds: 0)
    /// Bytes that a socket still takes; one that is not listed takes all.
    var room: [ConnectionID: Int] = [:]
    /// Connections whose layer below takes at most so many bytes of a send, and holds what the socket has no room for.
    var recordByteCountMax: [ConnectionID: Int] = [:]
    /// Bytes that such a layer holds.
    private(set) var held: [ConnectionID: [UInt8]] = [:]
    /// What each socket took.
    var received: [ConnectionID: [UInt8]] = [:]
    /// What the shard asked for, in its order.
    var polled: [ConnectionID] = []
    var closed: [ConnectionID] = []

    init(limits: HubLimits = HubLimits(), subscriberCapacity: Int = 1 << 17) {
        shard = HubShard(limits: limits, subscriberCapacity: subscriberCapacity)
    }

    /// Flushes, submits, reports.
    @discardableResult
    func turn(sendCount: Int = .max, byteCount: Int = .max) -> [RecordingSink.Send] {
        var budget = FlushBudget(sendCount: sendCount, byteCount: byteCount)
        var sink = RecordingSink()
        shard.flush(at: now, budget: &budget, into: &sink)
        for send in sink.sends { report(send) }
        shard.submitted()
        return sink.sends
    }

    /// Turns until nothing is sent any more; returns how many sent something.
    @discardableResult
    func drain() -> Int {
        var count = 0
        while !turn().isEmpty { count += 1 }
        return count
    }

    /// The socket takes so much more, and the shard is notified.
    func makeRoom(_ connection: ConnectionID, byteCount: Int = .max) {
        room[connection] = byteCount
        if let rest = held.removeValue(forKey: connection) {
            received[connection, default: []] += rest.prefix(byteCount)
            room[connection] = byteCount - min(byteCount, rest.count)
            if byteCount < rest.count {
                held[connection] = Array(rest.dropFirst(byteCount))
                return
            }
        }
        shard.becameWritable(connection)
    }

    func publish(_ text: String, to shop: ShopID, encoding: StreamEncoding = .plain) -> PublishResult {
        shard.publish(Array(text.utf8).span, to: shop, encoding: encoding)
    }

    func subscribe(
        _ connection: ConnectionID, to shop: ShopID, encoding: StreamEncoding = .plain, prefix: String = ""
    ) -> SubscribeResult {
        shard.subscribe(connection, to: shop, encoding: encoding, prefix: Array(prefix.utf8).span)
    }

    @discardableResult
    func control(_ kind: ControlFrameKind, _ text: String, to connection: ConnectionID) -> Bool {
        shard.enqueueControl(kind, Array(text.utf8).span, to: connection)
    }

    func text(_ connection: ConnectionID) -> String {
        String(decoding: received[connection] ?? [], as: UTF8.self)
    }

    private func report(_ send: RecordingSink.Send) {
        precondition(held[send.connection] == nil, "a send to a connection that holds bytes")
        if let recordByteCountMax = recordByteCountMax[send.connection] {
            return reportSealed(send, byteCount: min(send.bytes.count, recordByteCountMax))
        }
        let taken = min(send.bytes.count, room[send.connection] ?? .max)
        received[send.connection, default: []] += send.bytes[..<taken]
        if let left = room[send.connection] { room[send.connection] = left - taken }
        let followUp: SendFollowUp
        if !send.isGroup {
            followUp = shard.sendCompleted(send.connection, sentByteCount: taken)
        } else if taken < send.bytes.count {
            followUp = shard.shortSend(send.connection, sentByteCount: taken)
        } else {
            return
        }
        act(on: followUp, send.connection)
    }

    private func reportSealed(_ send: RecordingSink.Send, byteCount: Int) {
        let sent = min(byteCount, room[send.connection] ?? .max)
        received[send.connection, default: []] += send.bytes[..<sent]
        if let left = room[send.connection] { room[send.connection] = left - sent }
        let isHeld = sent < byteCount
        if isHeld { held[send.connection] = Array(send.bytes[sent..<byteCount]) }
        if send.isGroup {
            guard isHeld || byteCount < send.bytes.count else { return }
            act(on: shard.shortSend(send.connection, sentByteCount: byteCount, isHeld: isHeld), send.connection)
        } else {
            act(on: shard.sendCompleted(send.connection, sentByteCount: byteCount, isHeld: isHeld), send.connection)
        }
    }

    private func act(on followUp: SendFollowUp, _ connection: ConnectionID) {
        switch followUp {
        case .none: break
        case .pollWritable: polled.append(connection)
        case .closeFrameSent: closed.append(connection)
        }
    }
}

/// The connection in `slot`.
func connection(_ slot: UInt32, generation: UInt32 = 1) -> ConnectionID {
    ConnectionID(slot: slot, generation: generation)
}
