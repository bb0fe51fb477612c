/// Splits raw paths.
enum PathSegments {
    /// The decoded segments of `path`, which begins with a slash; nil when it does not, when a segment cannot be
    /// decoded to UTF-8, or when there are more than `countMax`.
    static func decoded(_ path: String, countMax: Int) -> [String]? {
        let utf8 = path.utf8
        let bytes = utf8.span
        guard !bytes.isEmpty, bytes[0] == ASCII.slash else { return nil }
        var segments: [String] = []
        var start = 1
        while true {
            guard segments.count < countMax else { return nil }
            let end = ASCII.firstIndex(of: ASCII.slash, in: bytes, from: start) ?? bytes.count
            guard let segment = PercentCoding.decoded(bytes.extracting(start..<end)) else { return nil }
            segments.append(segment)
            if end == bytes.count { return segments }
            start = end + 1
        }
    }
}
