extension Subscriber {
    /// How the client reads.
    enum Reading: CaseIterable {
        /// All bytes that have arrived, at once, and answers pings.
        case diligent
        /// A little, now and then.
        case sluggish
        /// Nothing.
        case asleep
    }

    /// How the client ends the stream.
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
