import FoundationEssentials

/// Any JSON.
enum JSONValue: Decodable, Encodable, Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .number(let value):
            if let whole = Int(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
        case .text(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// The value at a path of keys, such as `data.id`.
    func value(at path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self as JSONValue?) { value, key in
            if case .object(let members)? = value { members[String(key)] } else { nil }
        }
    }

    /// The value with each text mapped.
    func mapTexts(_ map: (String) -> String) -> JSONValue {
        switch self {
        case .null, .boolean, .number: self
        case .text(let text): .text(map(text))
        case .array(let values): .array(values.map { $0.mapTexts(map) })
        case .object(let members): .object(members.mapValues { $0.mapTexts(map) })
        }
    }

    /// Whether an answer has what a case expects: all members of objects, all elements of arrays, equal values; the
    /// text `*` expects any text.
    func isMatched(by answer: JSONValue?) -> Bool {
        guard let answer else { return false }
        switch (self, answer) {
        case (.text("*"), .text): return true
        case (.object(let expected), .object(let members)):
            return expected.allSatisfy { $0.value.isMatched(by: members[$0.key]) }
        case (.array(let expected), .array(let values)):
            return expected.count == values.count && zip(expected, values).allSatisfy { $0.isMatched(by: $1) }
        default: return self == answer
        }
    }
}
