/// Every limit of this module, in one place.
public enum Limits {
    /// The longest identifier that is stored, in bytes of UTF-8.
    public static let identifierByteCountMax = 128
    /// The longest text of a message that is stored, in bytes of UTF-8. The server's own limit is lower.
    public static let textByteCountMax = 1024 * 1024
    /// The longest user name that is stored, in bytes of UTF-8.
    public static let usernameByteCountMax = 1024
    /// The maximum number of messages that one read returns.
    public static let pageMessageCountMax = 10_000
    /// The maximum number of messages in one slice of a list.
    public static let sliceMessageCountMax = 128
    /// The maximum bytes of text in one slice, unless its first message alone has more.
    public static let sliceByteCountMax = 64 * 1024
    /// The maximum number of messages of one time that a list holds back until that time has ended.
    public static let heldMessageCountMax = 128
    /// The maximum bytes of text that a list holds back, not counting the first message.
    public static let heldByteCountMax = 64 * 1024
    /// The maximum bytes of text that one list returns, unless its first message alone has more.
    public static let pageByteCountMax = 16 * 1024 * 1024
    /// The maximum number of messages of a single time that a list returns, as a list never ends between them.
    public static let momentMessageCountMax = 10_000
    /// The maximum bytes of text of a single time that a list returns.
    public static let momentByteCountMax = 64 * 1024 * 1024
    /// The maximum number of messages that share one transaction: some milliseconds of work before the commit.
    public static let batchMessageCountMax = 512
    /// The maximum number of messages that wait to be written; more are rejected as overload.
    public static let waitingMessageCountMax = 8192
    /// The maximum bytes of text that wait to be written; more are rejected as overload.
    public static let waitingByteCountMax = 32 * 1024 * 1024
    /// The maximum number of reads that wait or run at a time; more are rejected as overload.
    public static let readsUnderWayMax = 1024
    /// The maximum number of membership changes that wait or run at a time; more are rejected as overload.
    public static let changesUnderWayMax = 256
    /// The number of connections that read a SQLite file concurrently.
    public static let readerCountMax = 4
    /// The size at which SQLite's write-ahead log is copied to the database and truncated.
    public static let writeAheadLogByteCountMax = 16 * 1024 * 1024
    /// How long that truncation waits for readers of another process, in milliseconds. Writes wait meanwhile.
    static let checkpointWaitMilliseconds = 50
    /// How long a write waits while another process holds the SQLite file, in seconds.
    public static let busyTimeoutSeconds: Double = 5
    /// The interval at which a takeover tries the lock of a SQLite file that another server uses.
    static let takeoverPeriod: Duration = .milliseconds(50)
    /// The pause before a takeover retries after the file did not open.
    static let takeoverOpenPause: Duration = .seconds(1)
    /// How long a call waits for a takeover.
    public static let takeoverWait: Duration = .seconds(5)
    /// The maximum number of calls that wait for a takeover. Each holds its request in memory, at most 128 KiB.
    public static let takeoverCallCountMax = 1024
    /// The interval between two reports of that wait.
    static let takeoverReportPeriod: Duration = .seconds(60)
    /// The number of membership changes that are remembered for incremental reads. A reader that missed more must read
    /// all memberships again.
    public static let membershipChangeCountMax = 10_000
    /// The largest image, in bytes.
    public static let imageByteCountMax = 5 * 1024 * 1024
    /// The maximum number of images that are written or read at a time. Only one of them is synced at a time.
    public static let imageWorkCountMax = 4
    /// The age at which an image's temporary file no longer belongs to any write.
    static let temporaryFileAgeMax: Duration = .seconds(600)
    /// The default limit of messages in a memory store.
    public static let memoryMessageCountDefault = 4_000_000
    /// Clamps a requested number of messages to the limits.
    static func page(_ limit: Int) -> Int { min(max(1, limit), pageMessageCountMax) }
    /// The size of the largest members file that is read, in bytes.
    public static let membersFileByteCountMax = 256 * 1024 * 1024
}
