import Auth
import HTTPTypes
import Sessions
import Storage

/// What a shard counts, as `Metric.all` shows it. Plain numbers of one thread; a scrape copies them.
struct ShardCounters: Sendable {
    var openStreams = 0
    var responsesByStatus: [Int: UInt64] = [:]
    /// Responses whose end the peer did not receive.
    var responsesCut: [ResponseCut: UInt64] = [:]
    /// Connections closed because no request came in time.
    var idleCloses: [IdleClose: UInt64] = [:]
    var tlsHandshakes: [TLSHandshakeResult: UInt64] = [:]
    var malformedRequests: UInt64 = 0
    var addressLimitRefusals: UInt64 = 0
    var userLimitRefusals: [String: UInt64] = [:]
    var authFailures: [AuthError: UInt64] = [:]
    var upgradeFailures: [Int: UInt64] = [:]
    var protocolErrors: [UInt16: UInt64] = [:]
    var disconnects: [Disconnect: UInt64] = [:]
    var storageErrors: [StorageError.Kind: UInt64] = [:]
    var orphanedImages: UInt64 = 0
    var broadcasts: UInt64 = 0
    var broadcastErrors: UInt64 = 0
    var clientBytes: UInt64 = 0
    var broadcastMilliseconds = Histogram(bounds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000])
    var connectionSeconds = Histogram(bounds: [1, 10, 60, 300, 900, 3_600, 14_400, 43_200, 86_400])

    mutating func count(_ status: HTTPResponse.Status) { responsesByStatus[status.code, default: 0] += 1 }
}

/// Why a response ended before its last byte, unless the peer disconnected.
enum ResponseCut: String, CaseIterable, Sendable {
    /// Its next piece could not be produced.
    case failed
    /// The peer took too little: see `ProgressWatch`.
    case stalled
}

/// What came before the wait for a request that did not come in time.
enum IdleClose: String, CaseIterable, Sendable {
    case accept
    case response
}

/// Counts by bounds, as Prometheus has them.
struct Histogram: Hashable, Sendable {
    let bounds: [Double]
    private(set) var counts: [UInt64]
    private(set) var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts of other bounds, made elsewhere: one more than there are bounds.
    init(bounds: [Double], counts: [UInt64], sum: Double) {
        precondition(counts.count == bounds.count + 1, "a histogram counts what is above its bounds too")
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }

    /// The same in another unit.
    func scaled(by factor: Double) -> Histogram {
        Histogram(bounds: bounds.map { $0 * factor }, counts: counts, sum: sum * factor)
    }

    mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
    }
}
