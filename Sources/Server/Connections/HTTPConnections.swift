import HTTP
import Primitives
import Sessions

/// The connections of a shard that speak HTTP, and what their requests share.
final class HTTPConnections {
    private var states: [ConnectionID: HTTPConnection] = [:]
    var responseWriter = ResponseWriter()
    /// Decides which bodies are worked on in this turn of the reactor, a piece each.
    var pieceTurns = PieceTurns<CheckedContinuation<Void, Never>>(countMax: ServerLimits.piecesPerTurn)
    /// Uploads in flight.
    var uploads = ResourceBudget(max: ServerLimits.uploadCountMax)
    /// Bytes of the responses that are being produced or sent.
    var responseBytes = ResourceBudget(max: ServerLimits.responseByteCountMax)
    var signedReads = SignedReads()

    /// The connections.
    var count: Int { states.count }
    /// Whether there is no connection.
    var isEmpty: Bool { states.isEmpty }

    /// The state of a connection; nil when it is not one of these.
    subscript(connection: ConnectionID) -> HTTPConnection? {
        get { states[connection] }
        set { states[connection] = newValue }
    }

    /// Removes a connection that has ended.
    func remove(_ connection: ConnectionID) -> HTTPConnection? { states.removeValue(forKey: connection) }
}
