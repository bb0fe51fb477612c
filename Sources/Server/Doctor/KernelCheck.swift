import Reactor

/// The kernel's release, and whether rings can be created.
enum KernelCheck {
    /// Judges `uname -r`.
    static func findings(release: String?) -> [Finding] {
        guard let release else { return [Finding(.factUnknown, "the kernel's release cannot be read")] }
        let parts = release.split { $0 == "." || $0 == "-" || $0 == "+" }.prefix(2).compactMap { Int($0) }
        guard parts.count == 2 else {
            return [Finding(.factUnknown, "the kernel's release \(release) is not understood")]
        }
        let version = (parts[0], parts[1])
        guard version >= (6, 7) else {
            return [Finding(.kernelTooOld, "Linux \(release)", fix: "use Linux 6.7 or newer; 6.12 or newer is better")]
        }
        let ok = Finding(.kernelOK, "Linux \(release)")
        guard version < (6, 12) else { return [ok] }
        return [
            ok,
            Finding(
                .timeSlicesMissing, "before Linux 6.12 a commit may wait milliseconds for a busy reactor's processor",
                fix: "use Linux 6.12 or newer"),
        ]
    }

    /// Judges an attempt to create a ring; nil: it succeeded.
    static func findings(ring error: UringError?, descriptorCount: Int) -> [Finding] {
        guard let error else { return [Finding(.ringOK, "a ring with \(descriptorCount) descriptors can be created")] }
        let finding =
            switch error {
            case .missing:
                Finding(
                    .ringMissing, "this kernel has no io_uring_setup",
                    fix: "use Linux 6.7 or newer with CONFIG_IO_URING; sandboxes such as gVisor have no io_uring")
            case .forbidden(let setting?) where setting != "0":
                Finding(
                    .ringDisabled, "kernel.io_uring_disabled is \(setting)",
                    fix: "sysctl -w kernel.io_uring_disabled=0")
            case .forbidden:
                Finding(
                    .ringForbidden, "it is forbidden, most likely by a container's seccomp profile",
                    fix: "allow io_uring_setup, io_uring_enter and io_uring_register in the profile "
                        + "(Docker: --security-opt seccomp=PROFILE.json; "
                        + "Kubernetes: securityContext.seccompProfile; systemd: SystemCallFilter=@aio)")
            case .kernelTooOld(let release, let missing):
                Finding(.ringTooOld, "the kernel \(release) lacks \(missing)", fix: "use Linux 6.7 or newer")
            case .resource(let operation, let errnoValue):
                Finding(
                    .ringLimit, "\(operation) met a limit (errno \(errnoValue))",
                    fix: "raise RLIMIT_NOFILE (ulimit -n), or lower SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR")
            case .failed(let operation, let errnoValue):
                Finding(.ringFailed, "\(operation) failed (errno \(errnoValue))")
            }
        return [finding]
    }
}
