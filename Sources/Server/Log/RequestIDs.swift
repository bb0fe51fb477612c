import HTTPTypes
import Primitives

/// Makes the identifiers of a shard's requests, by which a user's report leads to the lines of the log. No other shard,
/// node or start of a node makes the same, unless two nodes start in the same microsecond. A value.
struct RequestIDs {
    private static let fieldName = HTTPField.Name("X-Request-Id")
    /// The longest identifier that a proxy may choose.
    private static let byteCountMax = 64

    private let prefix: String
    private var count: UInt64 = 0

    init(shardIndex: Int, startedAt: Timestamp) {
        prefix = "\(String(startedAt.microsecondsSinceEpoch, radix: 16))-\(shardIndex)"
    }

    /// The next identifier, of a request on this connection.
    mutating func next(for connection: ConnectionID) -> String {
        count += 1
        return "\(prefix)-\(connection.slot).\(connection.generation)-\(count)"
    }

    /// An identifier that a proxy has chosen; nil unless it has 1 to 64 letters, digits, `.`, `_` and `-`.
    static func identifier(_ value: Span<UInt8>) -> String? {
        guard 1...byteCountMax ~= value.count else { return nil }
        var bytes: [UInt8] = []
        for index in value.indices {
            switch value[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                bytes.append(value[index])
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The field of a response.
    static func field(_ identifier: String) -> HTTPField {
        guard let name = fieldName else { preconditionFailure("the name is a token") }
        return HTTPField(name: name, value: identifier)
    }
}
