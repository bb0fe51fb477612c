/// The resources that the server's process and its machine's kernel used, observed from outside.
package struct ServerFigures: Codable, Equatable, Sendable {
    /// The process's id.
    var processID: Int
    /// The number of reactors, or other serving threads, that the server was started with; nil when unknown.
    var reactorCount: Int?
    /// Logical processors that the server may run on.
    var processorCount: Int
    /// About once a second, in rising order.
    var samples: [ProcessSample] = []
    /// The kernel's memory before the first connection, while all are open and quiet, and after the last has closed.
    var kernel: [KernelSample] = []

    /// The process at one time (`/proc/PID/stat` and `status`).
    package struct ProcessSample: Codable, Equatable, Sendable {
        /// Seconds since the run's start.
        var seconds: Double
        /// CPU seconds in user mode since the process started.
        var userSeconds: Double
        /// CPU seconds in the kernel since the process started.
        var systemSeconds: Double
        /// Resident memory in bytes.
        var residentByteCount: Int
        /// The number of threads.
        var threadCount: Int
    }

    /// When a sample of the kernel's memory was taken.
    package enum Moment: String, Codable, Sendable {
        /// Before the first connection.
        case before
        /// While all connections are open, before messages are sent.
        case hold
        /// After the last connection has closed.
        case after
    }

    /// The kernel's memory for sockets, and the process's own, at one time.
    package struct KernelSample: Codable, Equatable, Sendable {
        /// When it was taken.
        var moment: Moment
        /// Streams that were open.
        var openConnections: Int
        /// Bytes of slab caches by name (`/proc/slabinfo`: active objects × object size), at least those for sockets,
        /// files and io_uring; empty when they could not be read.
        var slabByteCounts: [String: Int] = [:]
        /// Bytes of all slab caches (`Slab` in `/proc/meminfo`).
        var slabTotalByteCount: Int
        /// TCP sockets in use (`/proc/net/sockstat`).
        var socketCount: Int
        /// Bytes of TCP's buffers (`mem` in `/proc/net/sockstat`, in bytes).
        var socketBufferByteCount: Int
        /// Resident memory of the server's process in bytes.
        var residentByteCount: Int

        /// The kernel memory that connections can affect: named slabs (or all of them when those could not be read) and
        /// the buffers.
        var kernelByteCount: Int {
            (slabByteCounts.isEmpty ? slabTotalByteCount : slabByteCounts.values.reduce(0, +)) + socketBufferByteCount
        }
    }
}
