/// What one user may have in flight and do in a time. 0 is no limit.
public struct UserLimitSettings: Sendable, Equatable {
    /// Lists, pages and images in flight, each until its answer was sent.
    public var readCountMax = 8
    /// Uploads in flight.
    public var uploadCountMax = 2
    /// Messages created, edited and deleted in a second, on average …
    public var writesPerSecond = 20
    /// … and at once, after a pause.
    public var writeCountBurst = 60
    /// Bytes of images stored within an hour.
    public var uploadBytesPerHour = 100 << 20

    /// The defaults.
    public init() {}
}

extension UserLimitSettings {
    init(_ reader: ConfigurationReader) throws(ConfigurationError) {
        let counts = 0...1_000_000
        readCountMax = try reader.number("SHOPSTREAM_MAX_READS_PER_USER", in: 0...65_535)
        uploadCountMax = try reader.number("SHOPSTREAM_MAX_UPLOADS_PER_USER", in: 0...65_535)
        writesPerSecond = try reader.number("SHOPSTREAM_WRITES_PER_SECOND", in: counts)
        writeCountBurst = try reader.number("SHOPSTREAM_WRITES_BURST", in: counts)
        uploadBytesPerHour = try reader.number(
            "SHOPSTREAM_UPLOAD_BYTES_PER_HOUR", in: 0...(1 << 40))
    }
}
