import API
import HTTP
import HTTPTypes
import Reactor
import Sessions

extension Shard {
    /// The response with the fields that any response may have: the request's identifier, if it has one, and those for
    /// its origin. Every response of a connection passes through here. When a head was refused, its origin counts if it
    /// arrived before the reason. No page reads from the metrics listener.
    func withCommonFields(_ response: Response, to state: HTTPConnection) -> Response {
        var response = response
        if let identifier = state.requestID { response.fields.append(RequestIDs.field(identifier)) }
        guard state.listener != .side else { return response }
        environment.api.crossOrigin.addFields(
            to: &response.fields, origin: state.origin ?? state.session.parser.unfinishedValue(of: .origin))
        return response
    }
}
