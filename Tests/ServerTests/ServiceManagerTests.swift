import Glibc
import Testing

@testable import Server

@Suite struct ServiceManagerTests {
    /// A datagram socket of the service manager, at an address that `bind` takes.
    private final class Listener {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)

        init(path: [UInt8], length: Int) {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
            let size = socklen_t(MemoryLayout<sa_family_t>.size + length)
            let status = unsafe withUnsafePointer(to: &address) { address in
                unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, size)
                }
            }
            #expect(status == 0)
        }

        deinit { close(descriptor) }

        /// The next datagram; nil when none has arrived.
        var received: String? {
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }

    private static func uniqueName() -> String { "shopstream-\(getpid())-\(UInt64.random(in: 0 ... .max))" }

    @Test func `states arrive at the socket of a path`() {
        let path = "/tmp/\(Self.uniqueName())"
        let listener = Listener(path: Array(path.utf8), length: path.utf8.count + 1)
        defer { unsafe unlink(path) }
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": path])
        manager.notify(.ready)
        manager.notify(.stopping)
        #expect(listener.received == "READY=1\n")
        #expect(listener.received == "STOPPING=1\n")
        #expect(listener.received == nil)
    }

    @Test func `states arrive at a socket of the abstract namespace`() {
        let name = Self.uniqueName()
        let listener = Listener(path: [0] + Array(name.utf8), length: name.utf8.count + 1)
        ServiceManager(environment: ["NOTIFY_SOCKET": "@" + name]).notify(.ready)
        #expect(listener.received == "READY=1\n")
    }

    @Test func `a reload has its time in microseconds`() {
        #expect(ServiceManager.text(of: .reloading, at: 17) == "RELOADING=1\nMONOTONIC_USEC=17\n")
    }

    @Test(arguments: [nil, "", "@", "relative", "vsock:2:1", "/" + String(repeating: "x", count: 107)])
    func `without a socket that can be used nothing is sent`(name: String?) {
        ServiceManager(environment: name.map { ["NOTIFY_SOCKET": $0] } ?? [:]).notify(.ready)
    }

    @Test func `a socket that is gone is no failure`() {
        ServiceManager(environment: ["NOTIFY_SOCKET": "/tmp/\(Self.uniqueName())"]).notify(.ready)
    }

    @Test func `a full queue does not block`() {
        let name = Self.uniqueName()
        let listener = Listener(path: [0] + Array(name.utf8), length: name.utf8.count + 1)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": "@" + name])
        for _ in 0..<10_000 { manager.notify(.ready) }
        #expect(listener.received == "READY=1\n")
    }
}
