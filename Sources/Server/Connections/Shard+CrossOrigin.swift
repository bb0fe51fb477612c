import API
import HTTP
import HTTPTypes
import Reactor
import Sessions

extension Shard {
    /// The response with the fields for the request's origin. Every response of a connection passes through here. When
    /// a head was refused, its origin counts if it arrived before the reason. No page reads from the metrics listener.
    func crossOrigin(_ response: Response, to state: HTTPConnection) -> Response {
        guard state.listener == .main else { return response }
        var response = response
        environment.api.crossOrigin.addFields(
            to: &response.fields, origin: state.origin ?? state.session.parser.unfinishedValue(of: .origin))
        return response
    }
}
