import CLiburing
import Glibc

/// What the running kernel supports, checked once before the first ring is created.
enum KernelSupport {
    /// The first release with everything that the server uses: getsockopt on the ring came with 6.7.
    static let releaseMin = (major: 6, minor: 7)

    /// Throws when io_uring is missing, forbidden or too old.
    static func check() throws(DriverError) {
        // SAFETY: the ring is a local that is torn down before the function returns; the calls keep no pointer.
        var ring = unsafe io_uring()
        let status = unsafe io_uring_queue_init(2, &ring, 0)
        guard status == 0 else { throw error(ofSetup: -status) }
        defer { unsafe io_uring_queue_exit(&ring) }
        let release = kernelRelease()
        guard let probe = unsafe io_uring_get_probe_ring(&ring) else {
            throw .kernelTooOld(release: release, missing: "IORING_REGISTER_PROBE")
        }
        defer { unsafe io_uring_free_probe(probe) }
        let needed: [(String, UInt32)] = [
            ("IORING_OP_ACCEPT", IORING_OP_ACCEPT.rawValue), ("IORING_OP_RECV", IORING_OP_RECV.rawValue),
            ("IORING_OP_SEND", IORING_OP_SEND.rawValue), ("IORING_OP_MSG_RING", IORING_OP_MSG_RING.rawValue),
            ("IORING_OP_SHUTDOWN", IORING_OP_SHUTDOWN.rawValue), ("IORING_OP_URING_CMD", IORING_OP_URING_CMD.rawValue),
        ]
        for (name, opcode) in needed where unsafe io_uring_opcode_supported(probe, Int32(opcode)) == 0 {
            throw .kernelTooOld(release: release, missing: name)
        }
        let parts = release.split(whereSeparator: { $0 == "." || $0 == "-" }).prefix(2).compactMap { Int($0) }
        guard parts.count == 2, (parts[0], parts[1]) >= (releaseMin.major, releaseMin.minor) else {
            throw .kernelTooOld(release: release, missing: "getsockopt on the ring (SOCKET_URING_OP_GETSOCKOPT)")
        }
    }

    /// The error for an `errno` of `io_uring_setup`.
    static func error(ofSetup errnoValue: Int32) -> DriverError {
        switch errnoValue {
        case ENOSYS: .missing
        case EPERM, EACCES: .forbidden(disabledSetting: disabledSetting())
        case EINVAL: .kernelTooOld(release: kernelRelease(), missing: "IORING_SETUP_DEFER_TASKRUN")
        case ENOMEM, EMFILE, ENFILE: .resource(operation: "io_uring_setup", errnoValue: errnoValue)
        default: .failed(operation: "io_uring_setup", errnoValue: errnoValue)
        }
    }

    /// The text of `kernel.io_uring_disabled`; nil when the kernel does not have that setting.
    private static func disabledSetting() -> String? {
        guard let file = unsafe fopen("/proc/sys/kernel/io_uring_disabled", "r") else { return nil }
        defer { unsafe fclose(file) }
        let character = unsafe fgetc(file)
        return character < 0 ? nil : String(UnicodeScalar(UInt8(truncatingIfNeeded: character)))
    }

    /// `uname -r`.
    static func kernelRelease() -> String {
        var name = utsname()
        unsafe uname(&name)
        return unsafe withUnsafeBytes(of: &name.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
