import Glibc
import Reactor

/// The receiving end: a separate process that connects many sockets and reads from them until they end.
enum Reader {
    /// Connects `count` sockets to the port on loopback and reads until all are closed.
    static func run(port: UInt16, count: Int, processor: Int) -> Int32 {
        ReactorThread.pinCurrent(toProcessor: processor)
        var descriptors: [pollfd] = []
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let status = unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard descriptor >= 0, status == 0 else { return 1 }
            descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        var openCount = count
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while openCount > 0 {
            guard unsafe poll(&descriptors, nfds_t(descriptors.count), 60_000) > 0 else { return 1 }
            for index in descriptors.indices where descriptors[index].revents != 0 {
                if unsafe read(descriptors[index].fd, &buffer, buffer.count) <= 0 {
                    close(descriptors[index].fd)
                    // `poll` skips a negative descriptor.
                    descriptors[index].fd = -1
                    openCount -= 1
                }
            }
        }
        return 0
    }
}
