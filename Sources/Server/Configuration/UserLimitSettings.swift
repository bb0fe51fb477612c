import Sessions

extension UserLimitSettings {
    init(_ reader: ConfigurationReader) throws(ConfigurationError) {
        self.init()
        let counts = 0...1_000_000
        readCountMax = try reader.number("SHOPSTREAM_MAX_READS_PER_USER", in: 0...65_535)
        uploadCountMax = try reader.number("SHOPSTREAM_MAX_UPLOADS_PER_USER", in: 0...65_535)
        writesPerSecond = try reader.number("SHOPSTREAM_WRITES_PER_SECOND", in: counts)
        writeCountBurst = try reader.number("SHOPSTREAM_WRITES_BURST", in: counts)
        uploadBytesPerHour = try reader.number(
            "SHOPSTREAM_UPLOAD_BYTES_PER_HOUR", in: 0...(1 << 40))
    }
}

extension StreamLimitSettings {
    init(_ configuration: StreamConfiguration) {
        self.init()
        streamCountMax = configuration.connectionsPerUserMax
        replacesOldest = configuration.overLimit == .replace
        attemptsPerMinuteMax = configuration.attemptsPerMinuteMax
    }
}
