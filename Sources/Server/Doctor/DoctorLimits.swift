/// What the doctor compares facts with.
enum DoctorLimits {
    /// Bytes of the process for a stream: more than the 0.2 to 0.9 KB that Benchmarks/README.md, section "Memory", has, so
    /// that there is room for messages.
    static let streamByteCount = 1_500
    /// The same with TLS: the 14.4 to 14.6 KB of Benchmarks/README.md.
    static let secureStreamByteCount = 14_500
    /// Bytes of the kernel for an idle stream, its socket and its entry in the ring's table: half of the 9.0 KiB for both
    /// ends that Benchmarks/README.md reports.
    static let kernelStreamByteCount = 4_500
    /// Bytes of the process without streams and reactors: the 37 MB of Benchmarks/README.md, section "Memory".
    static let processByteCount = 40_000_000
    /// Bytes of a reactor without streams, of the process and of the kernel: the same section's 3 MB, and tables for
    /// `ringDescriptorCountMax` connections.
    static let reactorByteCount = 20_000_000
    /// The part of the available memory that streams may take before it is scarce.
    static let memoryPercentMax = 80
    /// The listeners' queue, see `ReactorLimits.listenQueueCountMax`.
    static let acceptQueueCountMin = 4_096
    /// Open files of other processes and of the store, on top of a socket for each stream.
    static let otherFileCount = 1_024
    /// Descriptors that a ring may have, whatever `RLIMIT_NOFILE` says.
    static let ringDescriptorCountMax = 1 << 20
    /// Certificates that expire earlier cause a warning.
    static let certificateSecondsMin: Int64 = 14 * 86_400
    /// How long a store, or an issuer, may take to answer: longer than `FetchedDocument.wait`.
    static let answerWait: Duration = .seconds(12)
    /// Reads of /proc/locks after which a lock that none of them has is not held.
    static let lockReadCount = 5
    /// The first bytes of a SQLite file (https://www.sqlite.org/fileformat.html, section 1.3).
    static let sqliteHead = Array("SQLite format 3\0".utf8)
}
