import API
import HTTP
import HTTPTypes
import Logging
import Primitives
import Reactor
import Sessions

// The log's lines about requests. A request gets an identifier when the first line about it is written, and its response
// then has it, so that a user's report leads to the line. A request that succeeds has no line, and costs nothing.

extension Shard {
    func logMetadata(of request: Request) -> Logger.Metadata { metadata(request.connection, request) }

    /// Writes the line of a request for which the server or its store failed; none for errors that are the client's.
    func logFailure(_ error: APIError, of request: Request) {
        // Any client may send probes, at any rate. The log has a line when readiness changes.
        guard isFailure(error), request.route != .ready else { return }
        log(error, metadata(request.connection, request))
    }

    /// The same of a request that is still being read.
    func logFailure(_ error: APIError, _ connection: ConnectionID, _ state: HTTPConnection) {
        guard isFailure(error) else { return }
        let source = RequestSource(connection: connection)
        log(error, metadata(connection, state.plan.map { Request($0, .bytes([]), from: source) }))
    }

    /// The head names its request. A client could choose another request's identifier; a trusted proxy does not.
    @inline(never)
    func takeRequestID(_ head: RequestHead, _ state: HTTPConnection) {
        guard let peer = state.address, environment.configuration.trustedProxies.contains(peer),
            let value = head.value(of: .requestID)
        else { return }
        state.requestID = RequestIDs.identifier(value)
    }

    private func isFailure(_ error: APIError) -> Bool { error.isServerFailure || error.storeDetail != nil }

    private func log(_ error: APIError, _ metadata: Logger.Metadata) {
        let metadata = metadata.merging(error.logMetadata) { $1 }.merging(["status": "\(error.status.code)"]) { $1 }
        if error.storeDetail != nil {
            log.error("store failed", metadata: metadata)
        } else {
            log.warning("request failed", metadata: metadata)
        }
    }

    /// - Parameter request: Nil when its head was not read yet.
    private func metadata(_ connection: ConnectionID, _ request: Request?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["request_id": "\(requestID(of: connection))"]
        guard let request else { return metadata }
        if let trace = request.trace {
            metadata["trace_id"] = "\(HexText.of(trace.traceIDHigh))\(HexText.of(trace.traceIDLow))"
        }
        if let route = request.route { metadata["route"] = "\(route)" }
        let subject = subject(of: request)
        if let user = subject.user { metadata["user_id"] = "\(Self.limited(user.text))" }
        if let shop = subject.shop { metadata["shop_id"] = "\(Self.limited(shop.text))" }
        return metadata
    }

    private func requestID(of connection: ConnectionID) -> String {
        if let identifier = http[connection]?.requestID { return identifier }
        let identifier = http.requestIDs.next(for: connection)
        http[connection]?.requestID = identifier
        return identifier
    }

    /// The beginning of a text that a client has chosen.
    static func limited(_ text: String) -> String {
        String(decoding: text.utf8.prefix(ServerLimits.logValueByteCountMax), as: UTF8.self)
    }
}
