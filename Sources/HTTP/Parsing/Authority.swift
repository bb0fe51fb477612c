/// The grammar of `Host` and of an absolute target's authority: `uri-host [ ":" port ]` (RFC 9110, section 7.2).
enum Authority {
    /// Whether `bytes` names a host and, optionally, a port. Rejects user information, an empty host, and a list of
    /// hosts.
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return false }
        var index = 0
        if bytes[0] == UInt8(ascii: "[") {
            guard let end = literalEnd(of: bytes) else { return false }
            index = end
        } else {
            index = ByteSet.host.end(in: bytes)
            while index < bytes.count, bytes[index] == ASCII.percent {
                guard PercentCoding.isTriplet(bytes, at: index) else { return false }
                index = ByteSet.host.end(in: bytes, from: index + 3)
            }
            if index == 0 { return false }
        }
        if index == bytes.count { return true }
        return bytes[index] == ASCII.colon && isPort(bytes.extracting(index + 1..<bytes.count))
    }

    /// The index after the `]` of an address in brackets; nil when `bytes` does not begin with such an address.
    private static func literalEnd(of bytes: Span<UInt8>) -> Int? {
        var index = 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "]") { return index > 2 ? index : nil }
            guard ASCII.hexadecimalValue(byte) != nil || byte == ASCII.colon || byte == UInt8(ascii: ".") else {
                return nil
            }
        }
        return nil
    }

    /// The grammar allows a port of no digits. A number above 65,535 is not a port.
    private static func isPort(_ digits: Span<UInt8>) -> Bool {
        guard digits.count <= FixedLimits.portDigitCountMax else { return false }
        var port: UInt32 = 0
        for index in digits.indices {
            guard ASCII.isDigit(digits[index]) else { return false }
            port = port * 10 + UInt32(digits[index] - UInt8(ascii: "0"))
        }
        return port <= UInt16.max
    }
}
