/// The machine of a run, as far as it affects the figures.
package struct Environment: Codable, Equatable, Sendable {
    /// The kernel's release, as `uname -r` has it.
    var kernel: String
    /// The processor's model.
    var processorModel: String
    /// Logical processors that are online.
    var processorCount: Int
    /// Memory in bytes.
    var memoryByteCount: Int
    /// Limits of the generator's process by name, for example `RLIMIT_NOFILE`: the soft one.
    var limits: [String: Int] = [:]
    /// Kernel settings by name, for example `net.ipv4.ip_local_port_range`.
    var kernelSettings: [String: String] = [:]
    /// The processors to which the generator's and the server's threads were bound, in words; nil for none.
    var pinning: String?
    /// The load average of the last minute just before the run.
    var loadAverageBefore: Double
    /// The share, 0 to 1, of all processors' time that other work on the machine used in the steady phase: neither the
    /// generator, nor the server, nor idle time. Nil when the server's process was not watched.
    var otherLoadShare: Double?
    /// Whether server and generator share the machine, so that its kernel memory includes both ends of each connection.
    var sharesMachineWithServer: Bool
}
