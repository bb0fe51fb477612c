/// Every bound of this module, in one place.
public enum Limits {
    /// The longest identifier that is stored, in bytes of UTF-8.
    public static let identifierByteCountMax = 128
    /// The longest text of a message that is stored, in bytes of UTF-8. The server's own limit is lower.
    public static let textByteCountMax = 1024 * 1024
    /// The longest user name that is stored, in bytes of UTF-8.
    public static let usernameByteCountMax = 1024
    /// The messages that one read returns at most.
    public static let pageMessageCountMax = 10_000
    /// The messages of one slice of a list …
    public static let sliceMessageCountMax = 128
    /// … and the bytes of their texts, unless its first message alone has more.
    public static let sliceByteCountMax = 64 * 1024
    /// The messages of one time that a list holds back until the time has ended …
    public static let heldMessageCountMax = 128
    /// … and the bytes of their texts, the first message's aside.
    public static let heldByteCountMax = 64 * 1024
    /// The bytes of text that one list returns at most, unless its first message alone has more.
    public static let pageByteCountMax = 16 * 1024 * 1024
    /// The messages of one and the same time that a list returns at most, as it does not end among them …
    public static let momentMessageCountMax = 10_000
    /// … and the bytes of their texts.
    public static let momentByteCountMax = 64 * 1024 * 1024
    /// The messages that share one transaction at most: some milliseconds of work before the commit.
    public static let batchMessageCountMax = 512
    /// The messages that may wait to be written; the next is refused as overload.
    public static let waitingMessageCountMax = 8192
    /// The bytes of text that may wait to be written; the next message is refused as overload.
    public static let waitingByteCountMax = 32 * 1024 * 1024
    /// The reads that may wait or run at a time; the next is refused as overload.
    public static let readsUnderWayMax = 1024
    /// The membership changes that may wait or run at a time; the next is refused as overload.
    public static let changesUnderWayMax = 256
    /// The connections that read a SQLite file side by side.
    public static let readerCountMax = 4
    /// The bytes that SQLite's write-ahead log may reach before its pages are moved to the database and the file is cut.
    public static let writeAheadLogByteCountMax = 16 * 1024 * 1024
    /// How long that waits for the readers of another process, with the writer held up, in milliseconds.
    static let checkpointWaitMilliseconds = 50
    /// How long a write waits for another process that holds the SQLite file, in seconds.
    public static let busyTimeoutSeconds: Double = 5
    /// How often the lock of a SQLite file is tried that another server uses …
    static let takeoverPeriod: Duration = .milliseconds(50)
    /// … and how long to wait after the file did not open.
    static let takeoverOpenPause: Duration = .seconds(1)
    /// How long a call waits for that file …
    public static let takeoverWait: Duration = .seconds(5)
    /// … and how many do: what they hold is their requests', 128 KiB each at the most.
    public static let takeoverCallCountMax = 1024
    /// From one report of that wait to the next.
    static let takeoverReportPeriod: Duration = .seconds(60)
    /// The changes of memberships that are remembered for those who ask what changed; who missed more looks at all.
    public static let membershipChangeCountMax = 10_000
    /// The largest image, in bytes.
    public static let imageByteCountMax = 5 * 1024 * 1024
    /// The images that are written or read at a time; of those that are written, one is synced at a time.
    public static let imageWorkCountMax = 4
    /// An image's temporary file that is older belongs to nobody any more.
    static let temporaryFileAgeMax: Duration = .seconds(600)
    /// The messages that a store in memory holds when nothing else is configured.
    public static let memoryMessageCountDefault = 4_000_000
    /// The longest message id, in bytes, that a notification may name: other services choose their own ids.
    static let hintedIDByteCountMax = 2048
    /// A limit of messages that was asked for, within its bounds.
    static func page(_ limit: Int) -> Int { min(max(1, limit), pageMessageCountMax) }
    /// The largest members file that is read, in bytes.
    public static let membersFileByteCountMax = 256 * 1024 * 1024
}
