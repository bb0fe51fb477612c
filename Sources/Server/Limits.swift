import API

/// The limits of the server that no setting changes.
enum ServerLimits {
    /// How long a thread of the process runs before others that wait for its processor. A commit takes less, so it does
    /// not wait for a busy reactor, and the reactor does not wait for reads.
    static let timeSlice: Duration = .microseconds(300)
    /// Connections of the metrics listener. It has its own descriptors for them, so that streams never keep a scraper
    /// out.
    static let metricsConnectionCountMax = 32
    /// The least descriptors of a reactor for which a server starts, where reactors share those of the process.
    static let descriptorShareMin = 128
    /// Descriptors that are left for what is no connection, where reactors share those of the process: listeners, the
    /// store, files of images, and for each reactor its events.
    static func otherDescriptorCount(reactorCount: Int) -> Int { 128 + 16 * reactorCount }
    /// Bytes of a response that are produced at a time.
    static let responsePieceByteCount = API.Limits.responsePieceByteCount
    /// The arrays of small responses that a reactor keeps for those that follow: about as many as it sends in a turn of
    /// much work, and at most 256 KiB.
    static let spareBufferCountMax = 64
    /// Pieces of responses and of uploads that a reactor works on in one turn, over all its connections.
    static let piecesPerTurn = 2
    /// Connections that stop to speak HTTP before free memory is returned to the kernel. Together they may have freed
    /// some megabytes.
    static let trimmedReleaseCountMin = 512
    /// The time in which few of them show that a storm is over.
    static let trimPeriod: Duration = .milliseconds(100)
    /// That many are few.
    static let calmReleaseCountMax = 16
    /// Handshakes of TLS that a reactor begins in one turn: each takes the server some 0.5 ms with a key of P-256, and 0.8
    /// ms with one of RSA (2,048 bits).
    static let handshakesPerTurn = 2
    /// Handshakes of a reactor that have begun and are not complete.
    static let handshakeCountMax = 1_024
    /// Clients of a reactor whose first bytes wait for their turn.
    static let waitingHandshakeCountMax = 4_096
    /// Bytes of one record (RFC 8446, section 5.1), and so of a send to a stream with TLS.
    static let recordByteCountMax = 16 << 10
    /// Bytes that a record may have in addition.
    static let recordOverheadMax = 64
    /// Bytes of one array of sealed records.
    static let sealedChunkByteCount = 256 << 10
    /// Arrays of sealed records that a reactor keeps from flush to flush.
    static let keptSealedChunkCountMax = 4
    /// A receive's plaintext of at most this capacity keeps its memory for the next one.
    static let keptPlaintextByteCountMax = 64 << 10
    /// The part of the drain's window in which streams are asked to end. The rest is for the last of them to do so.
    static let drainSpreadPercent = 80
    /// How long open streams and requests may take to end when the server stops, after the window.
    static let drainWait: Duration = .seconds(7)
    /// The steps in which `drainWait` is counted. A pause of the process takes one of them.
    static let drainSteps = 70
    /// How long the whole stop may take after its delay and its window, the store's last commit included.
    static let stopWait: Duration = .seconds(9)
    /// How late, at most, a reactor notices that it was stopped.
    static let reactorWaitMax: Duration = .seconds(1)
    /// Sends of one flush, before the reactor handles its sockets again.
    static let flushSendCountMax = 4_096
    /// Bytes that the sends of one flush offer.
    static let flushByteCountMax = 16 << 20
    /// A frame's memory of at most this capacity is kept for the next publication.
    static let keptFrameByteCountMax = 64 << 10
    /// Tasks of requests that a reactor keeps for the next ones, each with 5 to 20 KB.
    static let waitingTaskCountMax = 32
    /// Verified tokens that each reactor caches.
    static let cachedTokenCountMax = 4_096
    /// Shops that the metrics list.
    static let metricsShopCountMax = 20
    /// Shops that the live view lists.
    static let liveViewShopCountMax = 20
    /// How long a membership that was looked up is valid.
    static let membershipTimeToLive: Duration = .seconds(5)
    /// Memberships that each reactor caches. Few, as they are valid for seconds and idle streams must not pay for them.
    static let cachedMembershipCountMax = 8_192
    /// From one round of housekeeping to the next: how late a changed membership may take effect.
    static let housekeepingPeriod: Duration = .seconds(1)
    /// Rounds after which a changed membership is checked again.
    static let membershipRecheckRounds: UInt64 = 3
    /// How often a starting node checks whether another node still uses the database.
    static let nodeWaitRounds = 10
    /// The pause between two of these checks.
    static let nodeWaitPause: Duration = .milliseconds(500)
    /// How often a node checks, at the end of its start, whether it holds the node's lock.
    static let nodeLockWaitRounds = 100
    /// The pause between two of these checks.
    static let nodeLockWaitPause: Duration = .milliseconds(50)
    /// Uploads of one reactor in flight. With the bytes above they take 32 MiB.
    static let uploadCountMax = 512
    /// Bytes of an upload's body: the image, the boundaries and the other parts.
    static let uploadByteCountMax = (5 << 20) + (64 << 10)
    /// Bytes that an upload's body may have in addition to its image, when it is refused by its length alone.
    static let uploadOverheadByteCountMax = 64 << 10
    /// Bytes that the responses of one reactor hold or have reserved. A read that needs more is refused.
    static let responseByteCountMax = 256 << 20
    /// Images of one shop that a reactor serves at a time by signed URLs, which name no user to count them by.
    static let signedReadsPerShopMax = 256
    /// The same of all shops. It is half of the memory for responses: the other half is for requests with a token.
    static let signedReadCountMax = 512
    /// Bytes of pending log lines. Further lines are dropped.
    static let logByteCountMax = 1 << 20
    /// Pending log lines. Further lines are dropped.
    static let logLineCountMax = 8_192
    /// Lines of one kind that are written in a `logRatePeriod`. A summary counts the rest.
    static let logLinesPerPeriod = 10
    /// The period of that limit.
    static let logRatePeriod: Duration = .seconds(1)
    /// Kinds of lines whose rate is known.
    static let logKindCountMax = 256
    /// Bytes of a text in a line that a client has chosen, such as the id of a shop.
    static let logValueByteCountMax = 128
    /// How long the end of the process waits for the last lines.
    static let logFlushWait: Duration = .milliseconds(300)
    /// Spans that wait to be exported. Further ones are dropped.
    static let spanCountMax = 2_048
    /// Spans that are exported together.
    static let spansPerBatch = 512
    /// How long a span waits for others to be exported with.
    static let spanBatchWait: Duration = .seconds(5)
    /// How long one attempt to export may take.
    static let traceExportWait: Duration = .seconds(10)
    /// How long the stop waits for the last spans.
    static let traceFlushWait: Duration = .milliseconds(1_500)
    /// How long `shopstream top` waits for an answer.
    static let figuresWait: Duration = .seconds(5)
    /// Bytes of that answer. A reactor's figures take some 600.
    static let figuresByteCountMax = 1 << 20
    /// Bytes of a collector's answer.
    static let traceAnswerByteCountMax = 64 << 10
    /// How long a handshake of TCP may take that has begun when another server takes over the connections.
    static let handshakeWait: Duration = .milliseconds(300)
    /// How long the reactors then accept what is in their queues. Both waits together fit between `stopWait` and
    /// `hardStopWait`.
    static let acceptWait: Duration = .milliseconds(50)
    /// From the first stop signal to the end of a process in which something hangs, apart from the stop's delay and
    /// window.
    static let hardStopWait: Duration = .milliseconds(9_400)
    /// The same from a repeated stop signal, if that is earlier.
    static let hastenedStopWait: Duration = .seconds(2)
    /// Stop signals within this time of the first count as one.
    static let signalPairWait: Duration = .seconds(1)
    /// The status of a process that had to be ended like this (sysexits.h: software).
    static let hardStopStatus: Int32 = 70
    /// From one check of the store for `/readyz` to the next.
    static let readinessPeriod: Duration = .seconds(1)
    /// How long a check may go without an answer.
    static let readinessWait: Duration = .seconds(5)
}
