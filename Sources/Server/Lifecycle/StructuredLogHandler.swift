import Logging
import Primitives
import Reactor

/// Writes one line of JSON for each event to standard error: `{"time":…,"level":…,"message":…,…}`.
public struct StructuredLogHandler: LogHandler {
    /// Fields of every line.
    public var metadata: Logger.Metadata = [:]
    /// The lowest level that is written.
    public var logLevel: Logger.Level

    /// A handler for one logger.
    public init(level: Logger.Level) {
        logLevel = level
    }

    /// A field of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes the line with one `write`, so that lines of several threads do not mix.
    public func log(event: LogEvent) {
        var writer = JSONWriter()
        writer.raw("{\"time\":")
        writer.time(WallClock.now)
        writer.raw(",\"level\":")
        writer.string(event.level.rawValue)
        writer.raw(",\"message\":")
        writer.string(event.message.description)
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            writer.raw(",")
            writer.string(key)
            writer.raw(":")
            writer.string("\(value)")
        }
        writer.raw("}\n")
        StandardError.write(writer.bytes)
    }
}
