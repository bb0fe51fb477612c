import HTTP
import Primitives
import Reactor

/// The client's address of a request that arrived through trusted proxies.
///
/// Each proxy appends the address of its peer to `X-Forwarded-For`, so the list is read from the right. An entry that a
/// trusted proxy wrote is trusted. Entries further left were written by the peer that this entry names. The fields of a
/// request are one list, in their order (RFC 9110, section 5.3).
enum ForwardedAddress {
    /// The address that a request is counted by.
    ///
    /// - Parameters:
    ///   - peer: The address that the connection came from.
    ///   - fieldValues: The values of all `X-Forwarded-For` fields.
    ///   - proxies: The proxies to trust.
    static func client(peer: PeerAddress, fieldValues: [String], proxies: TrustedProxies) -> PeerAddress {
        guard proxies.contains(peer) else { return peer }
        var client = peer
        for value in fieldValues.reversed() {
            let text = value.utf8
            for entry in FieldList.elements(of: text.span).reversed() {
                let start = text.index(text.startIndex, offsetBy: entry.lowerBound)
                let end = text.index(start, offsetBy: entry.count)
                // An entry that is no address ends the trusted part of the list: the last proxy that was named counts.
                guard let address = address(text[start..<end]) else { return client }
                client = address
                guard proxies.contains(address) else { return client }
            }
        }
        return client
    }

    /// Reads an address as proxies write it: bare, in brackets, and with a port or without one.
    static func address(_ text: String) -> PeerAddress? { address(text.utf8[...]) }

    private static func address(_ text: Substring.UTF8View) -> PeerAddress? {
        let colons = text.reduce(into: 0) { $0 += $1 == UInt8(ascii: ":") ? 1 : 0 }
        if text.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")),
                let address = PeerAddress(String(Substring(text[..<end].dropFirst()))), !address.isIPv4 || colons > 1
            else { return nil }
            let rest = text[text.index(after: end)...]
            return rest.isEmpty || isPort(rest) ? address : nil
        }
        // An IPv6 address with a port has brackets; with a single colon the address is IPv4.
        guard colons == 1, let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
            return PeerAddress(String(Substring(text)))
        }
        return isPort(text[colon...]) ? PeerAddress(String(Substring(text[..<colon]))) : nil
    }

    /// Whether this is a colon and a port.
    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        let digits = text.dropFirst()
        return text.first == UInt8(ascii: ":") && (1...5).contains(digits.count)
            && digits.allSatisfy { $0 &- UInt8(ascii: "0") < 10 } && UInt16(Substring(digits)) != nil
    }
}
