internal import JSON
public import Primitives

/// How an event becomes the payload of a frame. A stream chooses it with its subprotocol.
package enum EventEncoding: UInt8, CaseIterable, Sendable {
    /// A message without an envelope, for a stream without a subprotocol. It cannot represent a deletion.
    case bare = 0
    /// `{"type","data"}`, subprotocol `shopstream.v2`.
    case enveloped = 1

    /// All encodings; stored, as each publication goes through them.
    package static let allCases: [EventEncoding] = [.bare, .enveloped]

    /// The subprotocols that a stream may request, in order of preference.
    package static let subprotocols = ["shopstream.v2"]

    /// The encoding of a stream that negotiated one of `subprotocols`, or none.
    package init(subprotocol: String?) { self = subprotocol == nil ? .bare : .enveloped }

    /// The number by which the hub identifies it.
    package var streamEncoding: StreamEncoding {
        guard let encoding = StreamEncoding(rawValue: rawValue) else { preconditionFailure("too many encodings") }
        return encoding
    }
}

/// An event with its encoded data. The response to its request contains the same data, so it is encoded once for all.
public struct EncodedEvent: Sendable, Equatable {
    /// The kind of change.
    public let kind: ChatEvent.Kind
    /// JSON: the message; for a deleted one, its id and its shop.
    public let data: [UInt8]
    /// The span of the request that made the change, when its trace is recorded.
    public var trace: TraceContext?

    /// Encodes an event. O(bytes), one allocation.
    public init(_ event: ChatEvent, format: MessageFormat) {
        kind = event.kind
        var writer = JSONWriter()
        switch event {
        case .messageCreated(let message), .messageEdited(let message):
            writer.message(message, format: format)
        case .messageDeleted(let id, let shop):
            writer.deletion(of: id, in: shop)
        }
        data = writer.bytes
    }

    /// The payload of a frame; nil when the encoding cannot represent the event. O(bytes), except for `.bare`.
    package func payload(in encoding: EventEncoding) -> [UInt8]? {
        switch encoding {
        case .bare: return kind.isMessage ? data : nil
        case .enveloped:
            var writer = JSONWriter()
            writer.bytes.reserveCapacity(data.count + 48)
            writer.raw("{\"type\":\"")
            writer.raw(kind.name)
            writer.raw("\",\"data\":")
            writer.raw(data)
            writer.raw("}")
            return writer.bytes
        }
    }
}

extension JSONWriter {
    /// Appends what clients receive for a deleted message.
    fileprivate mutating func deletion(of id: MessageID, in shop: ShopID) {
        raw("{\"id\":")
        string(id.text)
        raw(",\"shop_id\":")
        string(shop.text)
        raw("}")
    }
}
