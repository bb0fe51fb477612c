public import Primitives

extension HubShard {
    /// Appends a message, one encoded WebSocket frame, to the shop's log in `encoding`. The next flushes send it. With
    /// no subscriber nothing is stored.
    ///
    /// The frame is copied. Blocked subscribers may become slow consumers: drain `nextSlowConsumer`. O(frame), one hash
    /// of the shop; allocates nothing in the steady state.
    public mutating func publish(
        _ frame: Span<UInt8>, to shop: ShopID, encoding: StreamEncoding = .plain
    ) -> PublishResult {
        precondition(!frame.isEmpty, "a frame has a header")
        guard let topic = topic(of: shop, encoding) else { return .published(recipientCount: 0) }
        let recipientCount = recipientCount(topic)
        if recipientCount == 0 { return .published(recipientCount: 0) }
        let log = openLog(topic)
        if endSlowConsumers(log, incomingByteCount: frame.count) {
            // The topic may have ended with its last subscriber, so look it up again. The second time no subscriber is
            // over a limit.
            return publish(frame, to: shop, encoding: encoding)
        }
        if logs[log].retainedByteCount + frame.count > limits.logByteCountMax {
            trim(log)
            return .logFull
        }
        logs[log].append(frame, mayMoveBytes: !isAwaitingSubmission, pool: &pool)
        retainedByteCount += frame.count
        markDirty(log)
        return .published(recipientCount: recipientCount)
    }

    /// The encodings in which the shop has subscribers: publish a message once in each. O(1), one hash.
    public func encodings(of shop: ShopID) -> StreamEncodings {
        var result: StreamEncodings = []
        var index = firstTopics[shop] ?? .null
        while !index.isNull {
            if recipientCount(index) > 0 { result.insert(StreamEncodings(topics[index].encoding)) }
            index = topics[index].next
        }
        return result
    }

    /// Queues the log for the next flush. O(1).
    mutating func markDirty(_ log: SlabIndex<TopicLog>) {
        if logs[log].isDirty { return }
        logs[log].isDirty = true
        dirty.append(log, in: &logs)
    }
}

/// The result of a publication.
public enum PublishResult: Hashable, Sendable {
    /// The message goes to that many subscribers; with none, nothing was stored.
    case published(recipientCount: Int)
    /// The shop's log is full of messages that no flush has sent; nothing was stored. Flush, then publish again.
    case logFull
}
