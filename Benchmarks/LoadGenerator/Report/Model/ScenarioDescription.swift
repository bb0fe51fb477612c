/// The requested load of a run.
package struct ScenarioDescription: Codable, Equatable, Sendable {
    /// The scenario's name, for example `fanout`.
    var name: String
    /// Every parameter with its value as text, defaults included.
    var parameters: [String: String] = [:]
    /// The duration of each part.
    var phases: Phases
    /// Connections to hold open in the steady phase, by all processes together.
    var connectionCount: Int
    /// Shops that the connections and the messages are spread over.
    var shopCount: Int
    /// Messages (POST requests) to send a second in the steady phase, by all processes together.
    var messagesPerSecond: Double
    /// Bytes of a message's text.
    var messageByteCount: Int

    /// The members of a shop that have its stream open: the average number of connections that one message goes to.
    var membersPerShop: Double { shopCount > 0 ? Double(connectionCount) / Double(shopCount) : 0 }

    /// The parts of a run in seconds, in order. Only messages whose intended send time is in the steady part are
    /// measured.
    package struct Phases: Codable, Equatable, Sendable {
        /// Opening the connections.
        var connectSeconds: Double
        /// Sending at the full rate, before measuring.
        var warmUpSeconds: Double
        /// Sending at the full rate, measured.
        var steadySeconds: Double
        /// Waiting for what is in flight.
        var drainSeconds: Double

        /// The steady part in seconds since the start.
        var steadyRange: ClosedRange<Double> {
            let start = connectSeconds + warmUpSeconds
            return start...(start + max(steadySeconds, 0))
        }

        /// All parts together.
        var totalSeconds: Double { connectSeconds + warmUpSeconds + steadySeconds + drainSeconds }
    }
}
