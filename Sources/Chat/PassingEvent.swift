/// An event that is about the moment, and that no reader catches up on later. Bare streams get none.
package enum PassingEvent: Hashable, Sendable {
    /// The server is about to end its streams. A client that reconnects waits this long after the end of its stream.
    case serverDraining(reconnectInSeconds: Int)

    /// The payload of a frame; nil when the encoding cannot represent the event.
    package func payload(in encoding: EventEncoding) -> [UInt8]? {
        switch encoding {
        case .bare:
            nil
        case .enveloped:
            switch self {
            case .serverDraining(let seconds):
                Array(#"{"type":"server.draining","data":{"reconnect_in_seconds":\#(seconds)}}"#.utf8)
            }
        }
    }
}
