import Glibc

/// The lower bound for any server that writes to each socket separately: one `send` of a message.
let sendBenchmarks = [
    Benchmark(
        name: "send-500", operation: "send() of 500 bytes on loopback TCP, as a floor",
        batchOperationCount: 64, isCountedInInstructions: false
    ) {
        let pair = try LoopbackPair()
        let message = [UInt8](repeating: 0x78, count: 500)
        return Benchmark.Batch(prepare: pair.drain) {
            for _ in 0..<64 { pair.send(message) }
        }
    }
]

/// Two ends of a TCP connection on loopback.
private final class LoopbackPair {
    struct Failure: Error {
        let errnoValue: Int32
    }

    private let sender: Int32
    private let receiver: Int32
    private var pendingByteCount = 0
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var nameByteCount = socklen_t(MemoryLayout<sockaddr_in>.size)
        sender = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let sender = sender
        let isConnected = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe bind(listener, name, nameByteCount) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, name, &nameByteCount) == 0 && connect(sender, name, nameByteCount) == 0
            }
        }
        receiver = isConnected ? accept(listener, nil, nil) : -1
        guard receiver >= 0 else { throw Failure(errnoValue: errno) }
    }

    deinit {
        close(sender)
        close(receiver)
    }

    func send(_ message: [UInt8]) {
        let sent = unsafe Glibc.send(sender, message, message.count, Int32(MSG_NOSIGNAL))
        precondition(sent == message.count, "a batch fits into the socket's buffer")
        pendingByteCount += sent
    }

    /// Receives what the last batch sent.
    func drain() {
        while pendingByteCount > 0 {
            let received = unsafe recv(receiver, &buffer, buffer.count, 0)
            precondition(received > 0, "the other end is open")
            pendingByteCount -= received
        }
    }
}
