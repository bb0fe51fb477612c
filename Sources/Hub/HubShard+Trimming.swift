// Trims logs, and ends drained ones.
extension HubShard {
    /// All sends of the last flush were executed and reported: their bytes may be reused. O(logs touched).
    ///
    /// Required after every flush that sent something; harmless after any other.
    public mutating func submitted() {
        precondition(singleSendsInFlight == 0, "a single send was not reported")
        isAwaitingSubmission = false
        pool.releaseHeld()
        trimTouched()
    }

    /// Marks the log to be trimmed as soon as no send is in flight. O(1).
    mutating func touch(_ log: SlabIndex<TopicLog>) {
        if logs[log].isTouched { return }
        logs[log].isTouched = true
        logs[log].nextTouched = firstTouched
        firstTouched = log
    }

    mutating func trimTouched() {
        while !firstTouched.isNull {
            let log = firstTouched
            firstTouched = logs[log].nextTouched
            logs[log].isTouched = false
            trim(log)
        }
    }

    /// Trims the log to the oldest cursor. A drained log ends and releases its storage, and its topic ends with it when
    /// it has no subscriber. While sends are in flight the log is only marked. O(1) amortised.
    mutating func trim(_ log: SlabIndex<TopicLog>) {
        if isAwaitingSubmission || logs[log].isTouched { return touch(log) }
        let topic = logs[log].topic
        topics[topic].delivered(logs[log].sentFrameCount, in: deliveryPeriod)
        logs[log].sentFrameCount = 0
        if recipientCount(topic) == 0 {
            logs[log].cursor = logs[log].tail
            logs[log].sweepTarget = logs[log].tail
            logs[log].servedCount = 0
        }
        advanceHead(log)
        if logs[log].head.offset < logs[log].tail.offset { return shrinkStorage(log) }
        if let bytes = logs[log].bytes {
            pool.give(bytes)
            logs[log].bytes = nil
        }
        if logs[log].isDirty || logs[log].trailingCount > 0 { return }
        pool.give(logs[log].frames.buffer)
        logs.remove(log)
        topics[topic].log = .null
        releaseTopicIfUnused(topic)
    }

    private mutating func advanceHead(_ log: SlabIndex<TopicLog>) {
        let cursorFrame = logs[log].cursor.frame
        var number = logs[log].head.frame
        if logs[log].trailingCount == 0 {
            number = cursorFrame
        } else {
            let frames = logs[log].frames
            while number < cursorFrame, frames[number].isEmpty { number += 1 }
        }
        let head = LogPosition(offset: logs[log].frames[number].start, frame: number)
        retainedByteCount -= Int(head.offset - logs[log].head.offset)
        logs[log].head = head
        logs[log].limitFrame = max(logs[log].limitFrame, number)
    }

    /// Replaces a buffer that is much larger than the retained bytes, as after a burst.
    private mutating func shrinkStorage(_ log: SlabIndex<TopicLog>) {
        guard let bytes = logs[log].bytes, bytes.byteCapacity > 16 << 10 else { return }
        let retainedByteCount = logs[log].retainedByteCount
        if retainedByteCount * 8 > bytes.byteCapacity { return }
        logs[log].replaceBuffer(byteCount: retainedByteCount * 2, pool: &pool)
    }
}
