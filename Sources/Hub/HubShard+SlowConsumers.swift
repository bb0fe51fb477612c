public import Primitives

extension HubShard {
    /// The next subscriber that passed a limit; nil when there is none left. O(1) amortised.
    ///
    /// It gets no more messages and holds no log, only the rest of the frame that it is in. Enqueue a close frame for
    /// it, which goes out behind that rest if it ever makes room, and close it in any case after the write wait.
    public mutating func nextSlowConsumer() -> ConnectionID? {
        while let connection = slowConsumers.popLast() {
            if let slot = slots[connection], slot.state == .trailing { return connection }
        }
        return nil
    }

    /// Ends those that a frame of `incomingByteCount` takes beyond a limit; whether there were any.
    ///
    /// `limitFrame` only grows, and a subscriber that blocks below it ends at once, so a publication looks at each frame
    /// once and at no subscriber that is within its limits. O(1) amortised, and O(frame) for each that ends.
    mutating func endSlowConsumers(_ log: SlabIndex<TopicLog>, incomingByteCount: Int) -> Bool {
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
            var subscriber = frame.firstBlocked
            while !subscriber.isNull {
                let next = trailing[subscriber].frameNext
                endSlowConsumer(subscriber)
                isAnyEnded = true
                subscriber = next
            }
            number += 1
        }
        logs[log].limitFrame = number
        if isAnyEnded { trim(log) }
        return isAnyEnded
    }

    /// Detaches and reports a blocked subscriber, without a report when it is closing; the caller trims the log.
    mutating func endSlowConsumer(_ subscriber: SlabIndex<TrailingSubscriber>) {
        detach(subscriber)
        if !trailing[subscriber].isClosing { slowConsumers.append(trailing[subscriber].connection) }
    }
}
