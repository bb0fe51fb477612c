import Primitives

/// A parameter of a statement, in PostgreSQL's binary format.
package enum PostgresValue: Hashable, Sendable {
    case null
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case time(Timestamp)
    case texts([String])

    /// SQL's null for nil.
    package static func optional(_ text: String?) -> Self { text.map(Self.text) ?? .null }

    /// SQL's null for nil.
    package static func optional(_ time: Timestamp?) -> Self { time.map(Self.time) ?? .null }

    /// Appends the value's bytes; returns false for null, which has none.
    func append(to bytes: inout [UInt8]) -> Bool {
        switch self {
        case .null: return false
        case .text(let text): bytes.append(contentsOf: text.utf8)
        case .integer(let value): bytes.append(bigEndian: value)
        case .boolean(let value): bytes.append(value ? 1 : 0)
        case .time(let time): bytes.append(bigEndian: time.microsecondsSinceEpoch - Self.epochMicroseconds)
        case .texts(let texts):
            // The number of dimensions, whether there are nulls, the element type; then each dimension's length and
            // lower bound.
            for field in [texts.isEmpty ? 0 : 1, 0, Self.textType] { bytes.append(bigEndian: Int32(field)) }
            if !texts.isEmpty {
                bytes.append(bigEndian: Int32(texts.count))
                bytes.append(bigEndian: Int32(1))
            }
            for text in texts {
                bytes.append(bigEndian: Int32(text.utf8.count))
                bytes.append(contentsOf: text.utf8)
            }
        }
        return true
    }

    /// PostgreSQL's epoch, 2000-01-01, in microseconds since 1970-01-01.
    static let epochMicroseconds: Int64 = 946_684_800_000_000
    /// The object identifier of the type `text`.
    private static let textType = 25
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
