/// The bounds of the server that no setting changes.
enum ServerLimits {
    /// For how long a thread of the process runs before others that want its processor: commits, which take less, do not
    /// wait for a reactor that is busy, nor it for reads.
    static let timeSlice: Duration = .microseconds(300)
    /// The time for a request's head to arrive.
    static let headWait: Duration = .seconds(10)
    /// Connections of the metrics listener. It has descriptors of its own for them, so that streams keep no scraper out.
    static let metricsConnectionCountMax = 32
    /// The time for a request's body to arrive.
    static let bodyWait: Duration = .seconds(30)
    /// How long a connection may be idle between requests.
    static let keepAliveWait: Duration = .seconds(75)
    /// The bytes of a response that are handed to the kernel at a time: a peer of `progressBytesPerSecondMin` takes
    /// them within `progressWait`.
    static let responsePieceByteCount = 32 << 10
    /// The pieces of responses and of uploads that are worked on in one turn of a reactor, of all its connections
    /// together.
    static let piecesPerTurn = 2
    /// A peer that takes or sends fewer bytes a second is ended …
    static let progressBytesPerSecondMin = 4 << 10
    /// … when it falls behind by this time …
    static let progressWait: Duration = .seconds(10)
    /// … and no peer is ahead by more than this.
    static let progressCreditMax: Duration = .seconds(16)
    /// A timer that fires later than this shows that the process paused.
    static let timerLatenessMax: Duration = .seconds(1)
    /// How long an ended connection is read from, so that no reset overtakes the last bytes.
    static let lingerWait: Duration = .seconds(2)
    /// How long open streams and requests may take to end when the server stops …
    static let drainWait: Duration = .seconds(7)
    /// … counted in so many steps, each of which a pause of the process may take …
    static let drainSteps = 70
    /// … and the stop as a whole, the store's last commit included.
    static let stopWait: Duration = .seconds(9)
    /// How long nothing may come of a refused body that is read over …
    static let refusedBodyIdleWait: Duration = .seconds(5)
    /// … how long it may take as a whole …
    static let refusedBodyWait: Duration = .seconds(30)
    /// … and its bytes.
    static let refusedBodyByteCountMax = 64 << 20
    /// Bytes a client may send on its stream at once …
    static let clientByteCountBurst = 4 << 20
    /// … and in a second.
    static let clientBytesPerSecond = 128 << 10
    /// What each frame of a client costs beyond its bytes.
    static let clientSendByteCost = 64
    /// Frames of one client that a reactor handles in a turn; what is left of its receive waits for the next turn.
    static let clientFramesPerTurn = 64
    /// How late a reactor notices, at most, that it was stopped.
    static let reactorWaitMax: Duration = .seconds(1)
    /// Sends of one flush, before the reactor looks at its sockets again …
    static let flushSendCountMax = 4_096
    /// … and the bytes that they offer.
    static let flushByteCountMax = 16 << 20
    /// Verified tokens that each reactor remembers.
    static let cachedTokenCountMax = 4_096
    /// Shops that the metrics name.
    static let metricsShopCountMax = 20
    /// How long a membership that was looked up is taken to hold.
    static let membershipTimeToLive: Duration = .seconds(5)
    /// Memberships that each reactor remembers: few, as they hold for seconds and idle streams must not pay for them.
    static let cachedMembershipCountMax = 8_192
    /// From one round of housekeeping to the next: how late a changed membership may show.
    static let housekeepingPeriod: Duration = .seconds(1)
    /// Rounds after which a changed membership is looked at again.
    static let membershipRecheckRounds: UInt64 = 3
    /// From one search for orphaned images to the next …
    static let orphanSearchPeriod: Duration = .seconds(60)
    /// … and the images that it takes from the store at a time.
    static let orphanBatchCountMax = 64
    /// The images that go at once with the message that named them, the first of its text: each costs three queries. The
    /// search for orphans finds the rest.
    static let imagesRemovedAtOnceMax = 16
    /// How often, at the start, another node is looked for that uses the database …
    static let nodeWaitRounds = 10
    /// … and the pause between.
    static let nodeWaitPause: Duration = .milliseconds(500)
    /// How often, at the end of the start, the node's lock is looked at …
    static let nodeLockWaitRounds = 100
    /// … and the pause between.
    static let nodeLockWaitPause: Duration = .milliseconds(50)
    /// Messages of a numbered page, when the request does not say …
    static let pageMessageCountDefault = 20
    /// … and when it does, at most.
    static let pageMessageCountMax = 100
    /// The bytes of an upload that are held in memory, before they are written …
    static let uploadPieceByteCount = 64 << 10
    /// … and the uploads of one reactor at a time: 32 MiB.
    static let uploadCountMax = 512
    /// The body of an upload: the image, the boundaries and the other parts.
    static let uploadByteCountMax = (5 << 20) + (64 << 10)
    /// What the body of an upload may be larger than its image, when it is refused by its length alone.
    static let uploadOverheadByteCountMax = 64 << 10
    /// The bytes that the responses of one reactor hold or have reserved; reads beyond are refused.
    static let responseByteCountMax = 256 << 20
    /// What a response may hold that is produced while it is sent: a slice of messages, with 64 KiB of text, the piece
    /// that was made of it, and the kernel's copy of that.
    static let responseByteCountReserved = 256 << 10
    /// Images of one shop that a reactor serves at a time by signed URLs, which name no user to count them by …
    static let signedReadsPerShopMax = 256
    /// … and of all shops. That is half of the memory for responses: the other half is for requests with a token.
    static let signedReadCountMax = 512
    /// Image URLs that are signed in one text, the first of it: each costs an HMAC.
    static let signedImagesPerTextMax = 64
    /// How old the number of a shop's pages may be …
    static let messageTotalAge: Duration = .seconds(5)
    /// … and the shops that each reactor remembers it of.
    static let messageTotalShopCountMax = 1_024
    /// The messages that may lie before a numbered page; a cursor has no such bound.
    static let pageDepthMax = 10_000
    /// Bytes of log lines that wait to be written …
    static let logByteCountMax = 1 << 20
    /// … and how many lines: further ones are dropped.
    static let logLineCountMax = 8_192
    /// Lines of one kind that are written …
    static let logLinesPerPeriod = 10
    /// … in this time; a summary counts the rest.
    static let logRatePeriod: Duration = .seconds(1)
    /// Kinds of lines whose rate is known.
    static let logKindCountMax = 256
    /// How long the end of the process waits for the last lines.
    static let logFlushWait: Duration = .milliseconds(300)
    /// From the first signal to stop to the end of a process in which something hangs …
    static let hardStopWait: Duration = .milliseconds(9_400)
    /// … and from one that repeats it,
    static let hastenedStopWait: Duration = .seconds(2)
    /// unless both came within this time.
    static let signalPairWait: Duration = .seconds(1)
    /// The status of a process that had to be ended so (sysexits.h: software).
    static let hardStopStatus: Int32 = 70
    /// From one look at the store for `/readyz` to the next …
    static let readinessPeriod: Duration = .seconds(1)
    /// … and how long one may go without an answer.
    static let readinessWait: Duration = .seconds(5)
}
