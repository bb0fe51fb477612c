extension Subscriber {
    /// How it reads.
    enum Reading: CaseIterable {
        /// All that is there, at once, and answers pings.
        case diligent
        /// A little, now and then.
        case sluggish
        /// Nothing.
        case asleep
    }

    /// How it ends the stream.
    enum Exit: CaseIterable {
        case stay
        case close
        case reset
        case halfClose
        case vanish
        case garbage
        case oversize
    }
}
