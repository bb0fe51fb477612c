/// The counts of a whole run, all from the generator's side.
package struct Counters: Codable, Equatable, Sendable {
    /// The deliveries that the accepted messages require: one to each stream open on their shop when they were sent, and
    /// one to each stream that caught up with them.
    var expectedDeliveries = 0
    /// Deliveries that were read, once for each message and stream.
    var delivered = 0
    /// Deliveries that streams missed while they were not open, and read by REST.
    var caughtUp = 0
    /// Deliveries that were expected and had not arrived at the end of the drain.
    var lost = 0
    /// Deliveries of a message that the same stream had read before.
    var duplicated = 0
    /// Deliveries that arrived after a later one in the shop's order.
    var outOfOrder = 0
    /// Deliveries of another shop's message.
    var foreign = 0
    /// Frames with changed or truncated content, or that violate the protocol.
    var corruptFrames = 0
    /// Frames that the end of the connection truncated.
    var cutFrames = 0
    /// Frames with a message that the generator did not send.
    var unmarkedFrames = 0

    /// Connections that were attempted.
    var connectsAttempted = 0
    /// Streams that were opened: the upgrade was answered with 101.
    var connectsSucceeded = 0
    /// Connections that the kernel or the server refused.
    var connectsRefused = 0
    /// Connections that were not open in time.
    var connectTimeouts = 0

    /// Attempts to connect again after the server had ended a stream.
    var reconnects = 0
    /// Streams that were meant to come back and had not at the end.
    var notBack = 0

    /// POST requests sent.
    var requestsSent = 0
    /// POST requests without an answer: their connection or the run ended first, or they could not be sent.
    var requestTimeouts = 0
    /// Answers to POST requests by HTTP status.
    var statuses: [Int: Int] = [:]
    /// Refused upgrades by HTTP status.
    var upgradeStatuses: [Int: Int] = [:]
    /// Streams that ended before the generator ended them, by the received close code.
    var disconnectsByCloseCode: [Int: Int] = [:]
    /// Streams that ended in an error of the connection, by the error's name, for example `ECONNRESET`.
    var disconnectsByError: [String: Int] = [:]
    /// Attempts to open a stream that failed without an HTTP status, by the error's name.
    var connectErrors: [String: Int] = [:]
    /// Posting connections that failed, and lists that were refused, by the error's name.
    var requestErrors: [String: Int] = [:]

    /// Messages that the server accepted: answers with a status of 200 to 299.
    var accepted: Int { statuses.reduce(0) { (200..<300).contains($1.key) ? $0 + $1.value : $0 } }

    /// Messages that the server did not accept: answers with any other status.
    var refused: Int { statuses.values.reduce(0, +) - accepted }

    /// Streams that ended before the generator ended them.
    var disconnects: Int {
        disconnectsByCloseCode.values.reduce(0, +) + disconnectsByError.values.reduce(0, +)
    }

    /// Violations: what no server may do at any load. A truncated frame is not one: it ends with its stream, which a
    /// server may end.
    var violations: Int { duplicated + outOfOrder + foreign + corruptFrames }

    /// Adds the counts of another process.
    mutating func merge(_ other: Counters) {
        expectedDeliveries += other.expectedDeliveries
        delivered += other.delivered
        caughtUp += other.caughtUp
        lost += other.lost
        duplicated += other.duplicated
        outOfOrder += other.outOfOrder
        foreign += other.foreign
        corruptFrames += other.corruptFrames
        cutFrames += other.cutFrames
        unmarkedFrames += other.unmarkedFrames
        connectsAttempted += other.connectsAttempted
        connectsSucceeded += other.connectsSucceeded
        connectsRefused += other.connectsRefused
        connectTimeouts += other.connectTimeouts
        reconnects += other.reconnects
        notBack += other.notBack
        requestsSent += other.requestsSent
        requestTimeouts += other.requestTimeouts
        statuses.merge(other.statuses, uniquingKeysWith: +)
        upgradeStatuses.merge(other.upgradeStatuses, uniquingKeysWith: +)
        disconnectsByCloseCode.merge(other.disconnectsByCloseCode, uniquingKeysWith: +)
        disconnectsByError.merge(other.disconnectsByError, uniquingKeysWith: +)
        connectErrors.merge(other.connectErrors, uniquingKeysWith: +)
        requestErrors.merge(other.requestErrors, uniquingKeysWith: +)
    }
}

extension Counters {
    /// Faults that a server within its limits does not cause, in words, such as `3 lost`; empty when there were none.
    var faults: [String] {
        let unopened = upgradeStatuses.values.reduce(0, +) + connectErrors.values.reduce(0, +)
        let counts = [
            (lost, "lost"), (duplicated, "duplicated"), (outOfOrder, "out of order"), (foreign, "of another shop"),
            (corruptFrames, "corrupt"), (cutFrames, "cut off"), (refused, "refused"),
            (requestTimeouts, "unanswered"), (requestErrors.values.reduce(0, +), "requests failed"),
            (unopened, "streams refused"), (disconnects, "streams ended early"),
        ]
        return counts.filter { $0.0 > 0 }.map { "\(NumberText.count($0.0)) \($0.1)" }
    }
}
