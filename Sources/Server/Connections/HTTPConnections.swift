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
    var requestIDs: RequestIDs
    /// The arrays of small responses that were sent, for those that follow.
    private var spareBuffers: [[UInt8]] = []

    /// No connections.
    init(requestIDs: RequestIDs) { self.requestIDs = requestIDs }

    /// The connections.
    var count: Int { states.count }
    /// Whether there is no connection.
    var isEmpty: Bool { states.isEmpty }

    /// The state of a connection; nil when it is not one of these.
    subscript(connection: ConnectionID) -> HTTPConnection? {
        get { states[connection] }
        set { states[connection] = newValue }
    }

    /// An array for a response. Empty, mostly with memory.
    func takeBuffer() -> [UInt8] {
        guard var buffer = spareBuffers.popLast() else { return [] }
        buffer.removeAll(keepingCapacity: true)
        return buffer
    }

    /// Keeps the array of a response that was sent, unless enough are kept.
    func keepBuffer(_ buffer: consuming [UInt8]) {
        guard buffer.capacity > 0, spareBuffers.count < ServerLimits.spareBufferCountMax else { return }
        spareBuffers.append(buffer)
    }

    /// Removes a connection that has ended.
    func remove(_ connection: ConnectionID) -> HTTPConnection? { states.removeValue(forKey: connection) }
}
