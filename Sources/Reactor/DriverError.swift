/// Why no driver can be created here, and what the operator can do about it.
public enum DriverError: Error, Sendable, Equatable {
    /// `io_uring_setup` does not exist: the kernel is older than 5.1 or built without it.
    case missing
    /// The kernel or a seccomp profile forbids it.
    case forbidden(disabledSetting: String?)
    /// The kernel lacks something that this server needs.
    case kernelTooOld(release: String, missing: String)
    /// A limit of memory or descriptors was reached.
    case resource(operation: String, errnoValue: Int32)
    /// Anything else, with the call and its `errno`.
    case failed(operation: String, errnoValue: Int32)

    /// Whether the system has or allows no such driver at all, so that another kind may do.
    public var isUnavailable: Bool {
        switch self {
        case .missing, .forbidden, .kernelTooOld: true
        case .resource, .failed: false
        }
    }

    /// The exit status of the command for this kind of failure (`EX_OSERR` of sysexits.h is 71, `EX_UNAVAILABLE` 69).
    public var exitStatus: Int32 { isUnavailable ? 69 : 71 }
}

extension DriverError: CustomStringConvertible {
    /// What is wrong and what to do, in one line.
    public var description: String {
        switch self {
        case .missing:
            "io_uring is missing: this kernel has no io_uring_setup. Use Linux 6.7 or newer with CONFIG_IO_URING."
        case .forbidden(let setting):
            if let setting, setting != "0" {
                "io_uring is forbidden: kernel.io_uring_disabled is \(setting). Set it to 0 (sysctl -w "
                    + "kernel.io_uring_disabled=0), or to 1 and put the server's group into kernel.io_uring_group."
            } else {
                "io_uring is forbidden here, most likely by a container's seccomp profile. Allow io_uring_setup, "
                    + "io_uring_enter and io_uring_register in it (Docker: --security-opt seccomp=PROFILE.json)."
            }
        case .kernelTooOld(let release, let missing):
            "the kernel \(release) lacks \(missing). Use Linux 6.7 or newer."
        case .resource(let operation, let errnoValue):
            "\(operation) met a limit (errno \(errnoValue)). Raise RLIMIT_NOFILE (ulimit -n) and RLIMIT_MEMLOCK "
                + "(ulimit -l), or lower the number of connections per reactor."
        case .failed(let operation, let errnoValue):
            "\(operation) failed (errno \(errnoValue))."
        }
    }
}
