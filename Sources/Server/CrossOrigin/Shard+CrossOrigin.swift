import HTTP
import HTTPTypes
import Reactor

extension Shard {
    /// The response with the fields of the origin that asks; every response of a connection passes here. Of a head that
    /// was refused the origin counts when it came before the reason. No page reads from the metrics listener.
    func crossOrigin(_ response: Response, to state: HTTPConnection) -> Response {
        guard state.listener == .main else { return response }
        var response = response
        environment.configuration.crossOrigin.addFields(
            to: &response.fields, origin: state.origin ?? state.parser.unfinishedFields[.origin])
        return response
    }
}
