import Logging

/// Writes one line for each event to standard error, in the format of its `LogWriter`. Never waits for I/O.
public struct StructuredLogHandler: LogHandler {
    /// Fields of every line.
    public var metadata: Logger.Metadata = [:]
    /// The level of this logger alone; nil: that of the writer.
    private var ownLevel: Logger.Level?
    private let writer: LogWriter

    /// A handler for one logger.
    public init(writer: LogWriter = .standardError) { self.writer = writer }

    /// The lowest level that is written.
    public var logLevel: Logger.Level {
        get { ownLevel ?? writer.level }
        set { ownLevel = newValue }
    }

    /// A field of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Hands the line off to the writer.
    public func log(event: LogEvent) {
        let message = event.message.description
        let level = event.level.rawValue
        writer.log(message, level: level) {
            let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
            return fields.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        }
    }
}
