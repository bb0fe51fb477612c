import Reactor

/// What the machine is to carry.
struct Demand: Sendable {
    /// The wished number of streams; nil: the checks say how many there is room for.
    var streamCount: Int?
    /// Whether the public listener speaks TLS.
    var isSecure = false
    var reactorCount = 1
    /// How the reactors are to do their I/O.
    var driver = DriverChoice.auto
    /// `SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR`; nil: `RLIMIT_NOFILE`.
    var connectionsPerReactorMax: Int?
    /// Descriptors of the first reactor for the metrics listener.
    var sideConnectionCount = 0
    /// Whether only processes of this machine reach a public listener, so that a proxy connects to it.
    var isBehindLocalProxy = false

    /// Bytes without streams.
    var emptyByteCount: Int { DoctorLimits.processByteCount + reactorCount * DoctorLimits.reactorByteCount }

    /// Bytes of a stream, in the process and in the kernel.
    var streamByteCount: Int {
        (isSecure ? DoctorLimits.secureStreamByteCount : DoctorLimits.streamByteCount)
            + DoctorLimits.kernelStreamByteCount
    }
}

extension Demand {
    /// What the server would be with this configuration.
    init(_ configuration: ServerConfiguration, streamCount: Int?) {
        self.streamCount = streamCount
        isSecure = configuration.tls != nil
        reactorCount = configuration.reactorCount
        driver = configuration.driver
        connectionsPerReactorMax = configuration.connectionsPerReactorMax
        sideConnectionCount = configuration.metricsListen == nil ? 0 : ServerLimits.metricsConnectionCountMax
        isBehindLocalProxy = configuration.listen.isLoopback || configuration.plainListen?.isLoopback == true
    }
}
