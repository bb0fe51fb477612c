extension DescriptorTable {
    enum State: UInt8 {
        /// The slot is the kernel's or the table's to give.
        case free
        /// A connection to elsewhere is being established: becomes open or closing.
        case connecting
        /// A connection lives in it: becomes closing or passing.
        case open
        /// It is being closed: the last completion is awaited, then the descriptor is closed.
        case closing
        /// The close itself is under way: becomes free.
        case closed
        /// It is being passed to another reactor: becomes open again, or closing.
        case passing
    }

    struct Entry {
        var generation: UInt32 = 0
        /// Operations whose final completion is outstanding.
        var operationCount: UInt16 = 0
        var state: State = .free
        var flags: Flags = []

        var isReceiving: Bool {
            get { flags.contains(.receiving) }
            set { set(.receiving, newValue) }
        }
        var isMultishot: Bool {
            get { flags.contains(.multishot) }
            set { set(.multishot, newValue) }
        }
        var isAnnounced: Bool {
            get { flags.contains(.announced) }
            set { set(.announced, newValue) }
        }
        var isShared: Bool {
            get { flags.contains(.shared) }
            set { set(.shared, newValue) }
        }

        var isSide: Bool {
            get { flags.contains(.side) }
            set { set(.side, newValue) }
        }

        private mutating func set(_ flag: Flags, _ isSet: Bool) {
            if isSet { flags.insert(flag) } else { flags.remove(flag) }
        }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8

        /// A receive is under way.
        static let receiving = Flags(rawValue: 1 << 0)
        /// The receive, under way or last, is a multishot one.
        static let multishot = Flags(rawValue: 1 << 1)
        /// The handler knows the connection, and so must hear of its end.
        static let announced = Flags(rawValue: 1 << 2)
        /// A descriptor of the socket was stranded in another table: a close alone would not end it.
        static let shared = Flags(rawValue: 1 << 3)
        /// The side listener accepted the connection.
        static let side = Flags(rawValue: 1 << 4)
    }
}
