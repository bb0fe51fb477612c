extension DescriptorTable {
    enum State: UInt8 {
        /// Unused: the kernel or the table may assign the slot.
        case free
        /// An outgoing connection is being established: becomes open or closing.
        case connecting
        /// The slot has a connection: becomes closing or in transfer.
        case open
        /// The connection is closing: after its last completion the descriptor is closed.
        case closing
        /// The close itself is in flight: becomes free.
        case closed
        /// The connection is in transfer to another reactor: becomes open again, or closing.
        case inTransfer
    }

    struct Entry {
        var generation: UInt32 = 0
        /// Operations whose final completion is pending.
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
        var isSecond: Bool {
            get { flags.contains(.second) }
            set { set(.second, newValue) }
        }

        private mutating func set(_ flag: Flags, _ isSet: Bool) {
            if isSet { flags.insert(flag) } else { flags.remove(flag) }
        }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8

        /// A receive is in flight.
        static let receiving = Flags(rawValue: 1 << 0)
        /// The receive that is in flight, or the last one, is multishot.
        static let multishot = Flags(rawValue: 1 << 1)
        /// The handler knows the connection and must be notified of its end.
        static let announced = Flags(rawValue: 1 << 2)
        /// A descriptor of the socket was stranded in another table: a close alone would not end the socket.
        static let shared = Flags(rawValue: 1 << 3)
        /// The side listener accepted the connection.
        static let side = Flags(rawValue: 1 << 4)
        /// The second listener accepted the connection.
        static let second = Flags(rawValue: 1 << 5)
    }
}
