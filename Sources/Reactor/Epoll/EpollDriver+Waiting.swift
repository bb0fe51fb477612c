import Glibc
import Primitives

// Waits, and what events lead to.

extension EpollDriver {
    /// See `Driver`: other operations that do not wait were executed when they were queued.
    public func submit() { sendTries() }

    /// See `Driver`.
    public func submitAndWait(until deadline: MonotonicInstant?) {
        sendTries()
        watchListeners()
        for index in 0..<set.wait(nanoseconds: waitNanoseconds(until: deadline)) { handle(set.event(index)) }
        receiveListed()
    }

    /// The time to wait for an event; nil without limit.
    private func waitNanoseconds(until deadline: MonotonicInstant?) -> UInt64? {
        if !completions.isEmpty || !receivable.isEmpty { return 0 }
        guard let deadline else { return nil }
        let now = now
        return deadline <= now ? 0 : deadline.nanoseconds - now.nanoseconds
    }

    private func handle(_ event: (events: EpollSet.Events, token: UInt64)) {
        let value = UInt32(truncatingIfNeeded: event.token)
        switch Source(rawValue: UInt32(event.token >> 32)) {
        case .socket: ready(value, event.events)
        case .listener: acceptAll(Int32(bitPattern: value))
        case .descriptor: descriptorReady(Int32(bitPattern: value), event.events)
        case .waker:
            post(CompletionTag(.wakeRead), 8)
            takeInbox()
        case nil: preconditionFailure("an event of nothing that was watched")
        }
    }

    /// A socket may have bytes or room, or has ended; what waits for that goes on.
    func ready(_ slot: UInt32, _ events: EpollSet.Events) {
        let index = Int(slot)
        let hasEnded = !events.isDisjoint(with: .ended)
        if hasEnded { sockets[index].set(.ended) }
        if hasEnded || events.contains(.readable) {
            sockets[index].set(.readable)
            if sockets[index].has(.receiving) { list(slot) }
        }
        guard !events.isDisjoint(with: EpollSet.Events.writable.union(.failed)) else { return }
        sockets[index].set(.writable)
        if sockets[index].has(.connecting) {
            connectEnded(slot)
        } else if sockets[index].has(.sending) {
            sendMore(slot)
        }
        endPolls(slot)
    }

    /// See `Driver`. Ends at once while there is room, as far as is known.
    public func pollWritable(slot: UInt32, tag: CompletionTag) {
        let index = Int(slot)
        guard sockets[index].descriptor >= 0 else { return post(tag, -EBADF) }
        sockets[index].waitTag = tag
        sockets[index].pollCount += 1
        endPolls(slot)
    }

    private func endPolls(_ slot: UInt32) {
        guard sockets[Int(slot)].has(.writable) else { return }
        while sockets[Int(slot)].pollCount > 0 {
            sockets[Int(slot)].pollCount -= 1
            post(sockets[Int(slot)].waitTag, Int32(EpollSet.Events.writable.rawValue))
        }
    }

    /// See `Driver`.
    public func cancel(target: CompletionTag, tag: CompletionTag) {
        let count: Int32
        switch target.operation {
        case .accept: count = cancelAccepts(target)
        case .descriptorPoll: count = cancelPoll(target)
        default: count = cancelOperation(target)
        }
        post(tag, count)
    }

    private func cancelAccepts(_ target: CompletionTag) -> Int32 {
        var count: Int32 = 0
        for descriptor in Array(listeners.keys) {
            for accept in listeners[descriptor]?.accepts.take(where: { $0.tag == target }) ?? [] {
                post(accept.tag, -ECANCELED)
                count += 1
            }
        }
        return count
    }

    /// Cancels what waits on a connection.
    private func cancelOperation(_ target: CompletionTag) -> Int32 {
        let index = Int(target.connection.slot)
        guard index < sockets.count else { return 0 }
        var count: Int32 = 0
        func end() {
            post(target, -ECANCELED)
            count += 1
        }
        if sockets[index].has(.receiving), sockets[index].receiveTag == target {
            sockets[index].clear([.receiving, .multishot])
            end()
        }
        if sockets[index].waitTag == target {
            if sockets[index].has(.connecting) {
                sockets[index].clear(.connecting)
                end()
            }
            while sockets[index].pollCount > 0 {
                sockets[index].pollCount -= 1
                end()
            }
        }
        if sends[target.connection.slot]?.tag == target {
            sends[target.connection.slot] = nil
            sockets[index].clear(.sending)
            end()
        }
        return count
    }
}
