import Primitives

// Ordinary descriptors that other libraries own: the reactor only tells when they are ready.

extension Reactor {
    /// Tells the handler, once, when `descriptor` has bytes to read, or room to write, or failed.
    ///
    /// The handler knows the wait by `number`, below 2^56 and of no other wait that is under way. The descriptor stays
    /// the caller's, who may close it once the wait is over or cancelled.
    public func poll(_ descriptor: Int32, isForWriting: Bool, number: UInt64) {
        driver.pollDescriptor(descriptor, isForWriting: isForWriting, tag: CompletionTag(descriptorPoll: number))
    }

    /// Ends a wait. One that was over already may still be told.
    public func cancelPoll(number: UInt64) {
        driver.cancel(target: CompletionTag(descriptorPoll: number), tag: CompletionTag(.cancel))
    }
}
