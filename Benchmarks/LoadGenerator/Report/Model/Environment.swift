/// The machine that a run ran on, as far as it bears on the figures.
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
    /// Which processors the generator's and the server's threads were tied to, in words; nil for none.
    var pinning: String?
    /// The load average of the last minute just before the run.
    var loadAverageBefore: Double
    /// The share, 0 to 1, of all processors' time that neither the generator nor the server used in the steady phase,
    /// idle time aside: what else the machine was doing. Nil when the server's process was not watched.
    var otherLoadShare: Double?
    /// Whether server and generator share the machine, so that its kernel memory holds both ends of each connection.
    var sharesMachineWithServer: Bool
}
