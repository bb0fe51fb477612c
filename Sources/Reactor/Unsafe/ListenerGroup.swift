import Glibc

/// The sockets that listen on one address by SO_REUSEPORT: those of this process, and those of another that replaces it.
///
/// Each has a queue, and the kernel resets the connections in the queue of a socket that is closed (unless
/// `net.ipv4.tcp_migrate_req` is set, which the network's owner must do). So a process that leaves the group first has the
/// kernel choose among the sockets of the others (socket(7), SO_ATTACH_REUSEPORT_CBPF), accepts what is in its queues, and
/// closes its own then.
enum ListenerGroup {
    // SAFETY: every call in this file reads or writes memory of the size that is passed with it, and keeps no pointer.

    /// How many sockets, of all processes, listen on the address of `listener`; 0 when it cannot be known. Blocks: reads
    /// what of /proc/net lists listeners.
    static func count(sharing listener: Int32) -> Int {
        guard let socket = ListeningSocket(inherited: listener), let name = socket.procName else { return 0 }
        // SAFETY: the texts are literals, which end with a zero byte.
        let file = unsafe open(name.isIPv6 ? "/proc/self/net/tcp6" : "/proc/self/net/tcp", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var counter = ListenerCounter(address: name.text)
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let byteCount = unsafe buffer.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
            guard byteCount > 0, counter.take(buffer[..<byteCount]) else { return counter.count }
        }
    }

    /// Lets the kernel choose for each new connection one of `otherCount` sockets of the group of `listener`: of those that
    /// listen since later than the first `ownCount`. False when it cannot.
    static func steer(_ listener: Int32, past ownCount: Int, to otherCount: Int) -> Bool {
        let program = [
            Instruction(.loadWord, Instruction.random), Instruction(.remainder, UInt32(otherCount)),
            Instruction(.add, UInt32(ownCount)), Instruction(.returnAccumulator, 0),
        ]
        return attach(program, SO_ATTACH_REUSEPORT_CBPF, to: listener)
    }

    /// Lets the kernel choose among all sockets of the group again.
    static func endSteering(_ listener: Int32) {
        var unused: Int32 = 0
        _ = unsafe setsockopt(
            listener, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Lets the kernel drop what begins a connection to `listener`. The peer sends it again after a second. Handshakes that
    /// have begun go on.
    static func ignoreNew(_ listener: Int32) {
        // SYN without ACK, in the flags of the header (RFC 9293, section 3.1).
        let program = [
            Instruction(.loadByte, 13), Instruction(.and, 0x12), Instruction(.skipOneIfEqual, 0x02),
            Instruction(.returnConstant, .max), Instruction(.returnConstant, 0),
        ]
        _ = attach(program, SO_ATTACH_FILTER, to: listener)
    }

    private static func attach(_ program: [Instruction], _ option: Int32, to listener: Int32) -> Bool {
        unsafe program.withUnsafeBufferPointer { instructions in
            var filter = unsafe Filter(count: UInt16(instructions.count), instructions: instructions.baseAddress)
            let byteCount = unsafe socklen_t(MemoryLayout<Filter>.size)
            return unsafe setsockopt(listener, SOL_SOCKET, option, &filter, byteCount) == 0
        }
    }

    /// `struct sock_filter` of linux/filter.h: an instruction of classic BPF.
    private struct Instruction {
        enum Code: UInt16 {
            case loadByte = 0x30
            case loadWord = 0x20
            case and = 0x54
            case remainder = 0x94
            case add = 0x04
            case skipOneIfEqual = 0x15
            case returnConstant = 0x06
            case returnAccumulator = 0x16
        }

        /// A random number, in place of bytes of the packet (SKF_AD_OFF + SKF_AD_RANDOM).
        static let random = UInt32(bitPattern: -0x1000 + 56)

        let code: UInt16
        let ifTrue: UInt8
        let ifFalse: UInt8 = 0
        let value: UInt32

        init(_ code: Code, _ value: UInt32) {
            self.code = code.rawValue
            ifTrue = code == .skipOneIfEqual ? 1 : 0
            self.value = value
        }
    }

    /// `struct sock_fprog` of linux/filter.h.
    @unsafe private struct Filter {
        let count: UInt16
        let instructions: UnsafePointer<Instruction>?
    }
}

/// Counts the rows of a listening address in a text of /proc/net/tcp (proc(5)), which comes in parts.
struct ListenerCounter {
    private let address: [UInt8]
    private var rest: [UInt8] = []
    private(set) var count = 0

    /// - Parameter address: As the file writes it.
    init(address: String) { self.address = Array(address.utf8) }

    /// Takes the next part. False once the rows of connections follow: those of listeners are the first.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Bool {
        rest += bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            // sl local_address rem_address st …
            let fields = rest[..<end].split(separator: UInt8(ascii: " "), maxSplits: 4)
            rest.removeSubrange(...end)
            guard fields.count > 3, fields[0].last == UInt8(ascii: ":") else { continue }
            guard fields[3].elementsEqual("0A".utf8) else { return false }
            if fields[1].elementsEqual(address) { count += 1 }
        }
        return true
    }
}
