public import Primitives

extension HubShard {
    /// The next subscriber that exceeded a limit; nil when there is none left. O(1) amortised.
    ///
    /// It receives no more messages and holds no log, only the rest of its current frame. Enqueue a close frame for it,
    /// which is sent after that rest if its socket becomes writable. Close the connection in any case after the write
    /// wait.
    public mutating func nextSlowConsumer() -> ConnectionID? {
        while let connection = slowConsumers.popLast() {
            if let slot = slots[connection], slot.state == .trailing { return connection }
        }
        return nil
    }

    /// Detaches the blocked subscribers that a frame of `incomingByteCount` bytes takes over a limit. Returns whether
    /// there were any.
    ///
    /// `limitFrame` only grows, and a subscriber that blocks below it is detached at once. A publication therefore
    /// visits each frame once, and no subscriber that is within its limits. O(1) amortised, and O(frame) for each
    /// subscriber detached.
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

    /// Detaches a blocked subscriber, and reports it unless it is closing. The caller trims the log.
    mutating func endSlowConsumer(_ subscriber: SlabIndex<TrailingSubscriber>) {
        detach(subscriber)
        if !trailing[subscriber].isClosing { slowConsumers.append(trailing[subscriber].connection) }
    }
}
