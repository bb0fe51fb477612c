public import HTTPTypes
import Primitives

/// The field lines of a response, checked and written once, so that a response that repeats them copies bytes. A value;
/// empty ones own no memory.
public struct FieldLines: Hashable, Sendable {
    /// The lines, each with its line break.
    private(set) var bytes: [UInt8] = []
    /// Whether a field is among them that the writer of responses writes itself.
    private(set) var hasReservedField = false
    /// Whether `Connection` is among them.
    private(set) var hasConnection = false

    /// No lines.
    public init() {}

    /// The lines of these fields, in their order.
    public init(_ fields: HTTPFields) {
        for field in fields { append(field) }
    }

    /// Whether there are no lines.
    public var isEmpty: Bool { bytes.isEmpty }

    /// Appends a field line. O(bytes).
    public mutating func append(_ field: HTTPField) {
        note(field.name.rawName.utf8.span)
        MessageText.append(field, to: &bytes)
    }

    /// Appends all lines of others. O(bytes).
    public mutating func append(_ others: FieldLines) {
        guard !bytes.isEmpty else {
            self = others
            return
        }
        bytes.append(contentsOf: others.bytes.span)
        hasReservedField = hasReservedField || others.hasReservedField
        hasConnection = hasConnection || others.hasConnection
    }

    /// The value of the first line of a field; nil when there is none. Reads all lines: for rare use. Copies.
    public subscript(name: HTTPField.Name) -> String? {
        var start = 0
        while let end = bytes.span.firstIndex(of: ASCII.carriageReturn, from: start) {
            let line = bytes.span.extracting(start..<end)
            if let field = try? FieldLine.parse(line), field.name == name { return field.value }
            start = end + 2
        }
        return nil
    }

    private mutating func note(_ name: Span<UInt8>) {
        switch KnownField(name) {
        case .contentLength, .contentType, .transferEncoding: hasReservedField = true
        case .connection: hasConnection = true
        case .host, .upgrade, .expect, .contentEncoding, .authorization, .origin, .forwardedFor, .requestID,
            .traceParent, .webSocketKey, .webSocketVersion, .webSocketProtocol, nil:
            if ASCII.equals(name, ignoringCase: "date") { hasReservedField = true }
        }
    }
}

extension FieldLines: ExpressibleByDictionaryLiteral {
    /// The lines of these fields, in this order. A line break in a value becomes spaces.
    public init(dictionaryLiteral fields: (HTTPField.Name, String)...) {
        for (name, value) in fields { append(HTTPField(name: name, value: value)) }
    }
}
