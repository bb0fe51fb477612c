public import Primitives

extension HubShard {
    /// The next subscriber that passed a limit; nil when there is none left. O(1) amortised.
    ///
    /// It gets no more messages and holds no log, only the rest of the frame that it is in. Enqueue a close frame for
    /// it, which goes out behind that rest if it ever makes room, and close it in any case after the write wait.
    public mutating func nextSlowConsumer() -> ConnectionID? {
        while let connection = slowConsumers.popLast() {
            if let slot = slots[connection], slot.state == .lagging { return connection }
        }
        return nil
    }

    /// Ends those that a frame of `incomingByteCount` takes beyond a limit; whether there were any.
    ///
    /// `limitFrame` only grows, and a laggard that blocks below it ends at once, so a publication looks at each frame
    /// once and at no subscriber that is within its limits. O(1) amortised, and O(frame) for each that ends.
    mutating func endSlowConsumers(_ log: SlabIndex<ChannelLog>, incomingByteCount: Int) -> Bool {
        let tail = logs[log].tail
        let isShardFull = pool.lentByteCount > limits.lentByteCountMax
        var number = logs[log].limitFrame
        var isAnyEnded = false
        while number < tail.frame {
            let frame = logs[log].frames[number]
            let waitingCount = Int(tail.frame - number) + 1
            let waitingByteCount = Int(tail.offset - frame.start) + incomingByteCount
            let isBeyondLimit =
                waitingCount > limits.waitingMessageCountMax || waitingByteCount > limits.waitingByteCountMax
            guard isBeyondLimit || isShardFull else { break }
            var laggard = frame.firstBlocked
            while !laggard.isNull {
                let next = laggards[laggard].frameNext
                endSlowConsumer(laggard)
                isAnyEnded = true
                laggard = next
            }
            number += 1
        }
        logs[log].limitFrame = number
        if isAnyEnded { settle(log) }
        return isAnyEnded
    }

    /// Detaches and reports a blocked laggard, one that is closing without a report; the caller settles the log.
    mutating func endSlowConsumer(_ laggard: SlabIndex<Laggard>) {
        detach(laggard)
        if !laggards[laggard].isClosing { slowConsumers.append(laggards[laggard].connection) }
    }
}
