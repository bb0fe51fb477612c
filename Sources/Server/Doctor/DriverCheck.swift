import Reactor

/// Which driver the reactors would use, and whether rings can be created.
enum DriverCheck {
    /// Creates a ring as a reactor does, unless epoll is chosen, and ends it.
    static func examine(_ demand: Demand) async -> (findings: [Finding], usesEpoll: Bool) {
        let descriptorCount = demand.connectionsPerReactorMax ?? ReactorLimits().descriptorCountMax
        let error = demand.driver == .epoll ? nil : await ringError(descriptorCount: descriptorCount)
        let usesEpoll = demand.driver == .epoll || demand.driver == .auto && error?.isUnavailable == true
        return (findings(ring: error, demand.driver, descriptorCount: descriptorCount), usesEpoll)
    }

    /// Creates a ring on a thread of its own; nil: it succeeded.
    private static func ringError(descriptorCount: Int) async -> DriverError? {
        var thread: ReactorThread?
        let error: DriverError? = await withCheckedContinuation { continuation in
            thread = ReactorThread(name: "doctor") {
                var limits = ReactorLimits()
                limits.descriptorCountMax = descriptorCount
                do throws(DriverError) {
                    try UringDriver(limits: limits).shutDown()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        thread?.join()
        return error
    }

    /// Judges an attempt to create a ring; nil: it succeeded, or was not made.
    static func findings(ring error: DriverError?, _ driver: DriverChoice, descriptorCount: Int) -> [Finding] {
        if driver == .epoll {
            return [
                Finding(
                    .epollChosen, "SHOPSTREAM_DRIVER is epoll, which takes more CPU than io_uring",
                    fix: "SHOPSTREAM_DRIVER=auto")
            ]
        }
        guard let error else { return [Finding(.ringOK, "a ring with \(descriptorCount) descriptors can be created")] }
        let cause = cause(error)
        guard driver == .uring, cause.code.row.severity != .failure else { return [cause] }
        return [
            cause,
            Finding(
                .driverUnavailable, "SHOPSTREAM_DRIVER is uring, which cannot be used here",
                fix: "SHOPSTREAM_DRIVER=auto, or as io_uring's finding says"),
        ]
    }

    private static func cause(_ error: DriverError) -> Finding {
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
    }
}
