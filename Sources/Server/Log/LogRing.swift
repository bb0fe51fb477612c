/// Pending log lines, bounded in bytes and in lines. A line that does not fit is dropped and counted. A value; its
/// owner locks.
struct LogRing {
    /// Lines that are written together, and how many were dropped after them.
    struct Batch {
        var bytes: [UInt8]
        var lineCount: Int
        var droppedLineCount: Int
    }

    let byteCountMax: Int
    let lineCountMax: Int
    private var bytes: [UInt8] = []
    private var lineCount = 0
    private var droppedLineCount = 0
    /// Lines dropped since the start.
    private(set) var droppedTotal: UInt64 = 0

    init(byteCountMax: Int = ServerLimits.logByteCountMax, lineCountMax: Int = ServerLimits.logLineCountMax) {
        self.byteCountMax = byteCountMax
        self.lineCountMax = lineCountMax
    }

    /// Whether neither a line nor a report of dropped lines is pending.
    var isEmpty: Bool { lineCount == 0 && droppedLineCount == 0 }

    /// Adds a line, or drops it. O(line), amortised.
    mutating func append(_ line: [UInt8]) {
        // After a dropped line, all later ones are dropped until a batch is taken: the report is where they would be.
        guard droppedLineCount == 0, lineCount < lineCountMax, bytes.count + line.count <= byteCountMax else {
            drop()
            return
        }
        bytes.append(contentsOf: line)
        lineCount += 1
    }

    /// Counts lines that were taken but could not be written. No log line reports them.
    mutating func countLost(_ count: Int) { droppedTotal += UInt64(count) }

    private mutating func drop() {
        droppedLineCount += 1
        droppedTotal += 1
    }

    /// Takes all pending lines. O(1).
    mutating func take() -> Batch? {
        guard !isEmpty else { return nil }
        let batch = Batch(bytes: bytes, lineCount: lineCount, droppedLineCount: droppedLineCount)
        bytes = []
        lineCount = 0
        droppedLineCount = 0
        return batch
    }
}
