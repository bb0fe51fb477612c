import Primitives

// Ordinary descriptors that other libraries own: the reactor only reports when they are ready.

extension Reactor {
    /// Notifies the handler once, when `descriptor` is readable (or writable, if `isForWriting`) or has failed.
    ///
    /// The handler identifies the poll by `number`, which is below 2^56 and differs from those of all pending polls.
    /// The caller keeps the descriptor, and may close it once the poll has ended or is cancelled.
    public func poll(_ descriptor: Int32, isForWriting: Bool, number: UInt64) {
        driver.pollDescriptor(descriptor, isForWriting: isForWriting, tag: CompletionTag(descriptorPoll: number))
    }

    /// Cancels a poll. One that has already ended may still be reported.
    public func cancelPoll(number: UInt64) {
        driver.cancel(target: CompletionTag(descriptorPoll: number), tag: CompletionTag(.cancel))
    }
}
