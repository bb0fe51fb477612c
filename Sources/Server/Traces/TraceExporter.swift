import HTTPTypes
import Logging
import Primitives
import Reactor
import Synchronization

/// Sends the queue's spans to a collector (OTLP over HTTP, JSON), on a thread of its own, so that a collector that is
/// slow or away delays nothing else.
///
/// A batch is sent when it is full or `ServerLimits.spanBatchWait` has passed. A collector that is overloaded or away is
/// asked again after a pause, a few times; then the batch is dropped. Meanwhile the queue takes spans until it is full.
final class TraceExporter: Sendable {
    private let settings: TraceSettings
    private let encoding: OTLPEncoding
    private let queue: SpanQueue
    private let log: Logger
    private let hasEnded = Atomic(false)

    /// Starts the thread.
    init(_ settings: TraceSettings, queue: SpanQueue, instanceID: String, log: Logger) {
        self.settings = settings
        encoding = OTLPEncoding(serviceName: settings.serviceName, instanceID: instanceID)
        self.queue = queue
        self.log = log
        _ = ReactorThread(name: "traces") { self.run() }
    }

    /// Sends what is left, each batch once. Returns when that is done, at the latest after
    /// `ServerLimits.traceFlushWait`; the thread may then still wait for the collector.
    func stop() async {
        queue.stop()
        let deadline = EventBell.now + ServerLimits.traceFlushWait
        while !hasEnded.load(ordering: .acquiring), EventBell.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: - The thread

    private func run() {
        while !queue.isStopping {
            queue.waitForBatch(atMost: ServerLimits.spanBatchWait)
            let batch = queue.takeBatch()
            if !batch.isEmpty { export(batch) }
        }
        let deadline = EventBell.now + ServerLimits.traceFlushWait
        while EventBell.now < deadline {
            let batch = queue.takeBatch()
            guard !batch.isEmpty else { break }
            export(batch)
        }
        hasEnded.store(true, ordering: .releasing)
    }

    private func export(_ batch: [SpanRecord]) {
        let body = encoding.body(of: batch)
        var retry = ExportRetry()
        while true {
            let result = send(body)
            switch retry.next(after: result) {
            case .exported:
                return queue.batchEnded(count: batch.count, isExported: true)
            case .pause(let pause):
                if !queue.isStopping {
                    queue.pause(pause)
                    continue
                }
            case .giveUp:
                break
            }
            log.warning("spans were not exported", metadata: ["reason": "\(result)", "count": "\(batch.count)"])
            return queue.batchEnded(count: batch.count, isExported: false)
        }
    }

    private func send(_ body: [UInt8]) -> ExportResult {
        var fields = settings.fields
        fields[.contentType] = "application/json"
        do throws(FetchError) {
            let wait = queue.isStopping ? ServerLimits.traceFlushWait : ServerLimits.traceExportWait
            let answer = try Fetch.send(
                .post, settings.url, fields: fields, body: body, byteCountMax: ServerLimits.traceAnswerByteCountMax,
                wait: wait)
            return .answered(status: answer.status, retryAfterSeconds: answer.fields[.retryAfter].flatMap { Int($0) })
        } catch {
            return .failed(error.reason)
        }
    }
}

/// The result of one attempt to send a batch.
enum ExportResult: Equatable, CustomStringConvertible {
    case answered(status: Int, retryAfterSeconds: Int?)
    case failed(String)

    var description: String {
        switch self {
        case .answered(let status, _): "the answer is \(status)"
        case .failed(let reason): reason
        }
    }
}

/// Decides whether a batch is sent again (OTLP specification, "Failures"). A value without a clock.
struct ExportRetry {
    /// What follows an attempt.
    enum Decision: Equatable {
        case exported
        /// Send it again after this time.
        case pause(Duration)
        /// Drop it.
        case giveUp
    }

    static let attemptCountMax = 4
    private static let firstPauseSeconds = 1
    private static let pauseSecondsMax = 30
    private var attemptCount = 0

    /// Doubles the pause with each attempt, unless the collector names one.
    mutating func next(after result: ExportResult) -> Decision {
        attemptCount += 1
        var advised: Int?
        switch result {
        case .answered(200...299, _): return .exported
        case .answered(429, let seconds), .answered(502...504, let seconds): advised = seconds
        case .answered: return .giveUp
        case .failed: break
        }
        guard attemptCount < Self.attemptCountMax else { return .giveUp }
        let pause = max(0, advised ?? Self.firstPauseSeconds << (attemptCount - 1))
        return .pause(.seconds(min(pause, Self.pauseSecondsMax)))
    }
}
