/// What an `EpollDriver` knows of one slot.
struct EpollSocket {
    /// The ordinary descriptor; -1 while the slot is free.
    var descriptor: Int32 = -1
    private(set) var flags: Flags = []
    /// The waits for room that are in flight; they have the same tag.
    var pollCount: UInt16 = 0
    /// The tag of the receive in flight.
    var receiveTag = CompletionTag(bits: 0)
    /// The tag of the waits for room, or of the connect.
    var waitTag = CompletionTag(bits: 0)

    struct Flags: OptionSet {
        let rawValue: UInt16

        /// Bytes, the end or an error may wait to be received: cleared when a receive found no more.
        static let readable = Flags(rawValue: 1 << 0)
        /// There is room, as far as is known: cleared when a send found less than it wanted.
        static let writable = Flags(rawValue: 1 << 1)
        /// The peer's end or an error was reported, and no event will report it again.
        static let ended = Flags(rawValue: 1 << 2)
        /// A receive is in flight.
        static let receiving = Flags(rawValue: 1 << 3)
        /// It receives until the end.
        static let multishot = Flags(rawValue: 1 << 4)
        /// A send that waits for room is in flight.
        static let sending = Flags(rawValue: 1 << 5)
        /// The connection is being established.
        static let connecting = Flags(rawValue: 1 << 6)
        /// The slot is in the list of those that can receive at once.
        static let listed = Flags(rawValue: 1 << 7)
        /// The descriptor was transferred to another driver, and is not closed here.
        static let moved = Flags(rawValue: 1 << 8)
    }

    func has(_ flag: Flags) -> Bool { flags.contains(flag) }

    mutating func set(_ flag: Flags) { flags.formUnion(flag) }

    mutating func clear(_ flag: Flags) { flags.subtract(flag) }
}
