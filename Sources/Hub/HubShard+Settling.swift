// Trimming, and the end of logs that are drained.
extension HubShard {
    /// All sends of the last flush took effect and were reported: their bytes are free again. O(logs touched).
    ///
    /// Required after every flush that sent something; harmless after one that did not.
    public mutating func submitted() {
        precondition(singleSendsUnderWay == 0, "a single send was not reported")
        isAwaitingSubmission = false
        pool.releaseHeld()
        settleTouched()
    }

    /// Settles the log as soon as nothing is under way. O(1).
    mutating func touch(_ log: SlabIndex<ChannelLog>) {
        if logs[log].isTouched { return }
        logs[log].isTouched = true
        logs[log].nextTouched = firstTouched
        firstTouched = log
    }

    mutating func settleTouched() {
        while !firstTouched.isNull {
            let log = firstTouched
            firstTouched = logs[log].nextTouched
            logs[log].isTouched = false
            settle(log)
        }
    }

    /// Trims the log to the oldest cursor; one that is drained ends and gives its storage back, and the channel with
    /// it when nobody is subscribed. While sends are under way it only makes a note. O(1) amortised.
    mutating func settle(_ log: SlabIndex<ChannelLog>) {
        if isAwaitingSubmission || logs[log].isTouched { return touch(log) }
        let channel = logs[log].channel
        if recipientCount(channel) == 0 {
            logs[log].cursor = logs[log].tail
            logs[log].passTarget = logs[log].tail
            logs[log].servedCount = 0
        }
        trim(log)
        if logs[log].head.offset < logs[log].tail.offset { return shrinkStorage(log) }
        if let bytes = logs[log].bytes {
            pool.give(bytes)
            logs[log].bytes = nil
        }
        if logs[log].isDirty || logs[log].laggingCount > 0 { return }
        pool.give(logs[log].frames.buffer)
        logs.remove(log)
        channels[channel].log = .null
        releaseChannelIfUnused(channel)
    }

    private mutating func trim(_ log: SlabIndex<ChannelLog>) {
        let cursorFrame = logs[log].cursor.frame
        var number = logs[log].head.frame
        if logs[log].laggingCount == 0 {
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

    /// A log that was long for a while does not keep the storage of that time.
    private mutating func shrinkStorage(_ log: SlabIndex<ChannelLog>) {
        guard let bytes = logs[log].bytes, bytes.byteCapacity > 16 << 10 else { return }
        let retainedByteCount = logs[log].retainedByteCount
        if retainedByteCount * 8 > bytes.byteCapacity { return }
        logs[log].replaceBuffer(byteCount: retainedByteCount * 2, pool: &pool)
    }
}
