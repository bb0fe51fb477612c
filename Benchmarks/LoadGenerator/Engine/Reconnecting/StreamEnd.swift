import Primitives

/// Why a stream is not open, as its client sees it.
enum StreamEnd: Hashable, Sendable {
    /// The server closed it with a code and a reason; 1005 stands for no code.
    case closed(code: UInt16, reason: [UInt8])
    /// The connection ended without a close frame, or could not be made.
    case connectionLost
    /// The upgrade was refused.
    case refused(statusCode: Int, retryAfterSeconds: Int?)

    /// The first wait of the backoff; it doubles with each failure.
    private static let backoffFirstSeconds = 1.0
    private static let backoffMaxSeconds = 30.0

    /// How long the client waits before it connects again; nil when it must not. After an advised wait comes up to the
    /// same again, and a backoff is multiplied by a number from 0 to 1, so that clients that left together do not return
    /// together.
    ///
    /// - Parameter failureCount: Attempts that failed since the stream was last open.
    func wait(failureCount: Int, using random: inout SeededGenerator) -> Duration? {
        switch self {
        case .closed(let code, let reason):
            switch code {
            case 1_000, 1_002, 1_003, 1_007, 1_009, 1_010, 4_403, 4_409:
                return nil
            case 1_001, 1_012:
                guard let advised = Self.advisedSeconds(in: reason) else { return backoff(failureCount, &random) }
                return .seconds(advised + advised * random.unitInterval())
            case 1_008, 1_013:
                return backoff(failureCount + 1, &random)
            default:
                return backoff(failureCount, &random)
            }
        case .connectionLost:
            return backoff(failureCount, &random)
        case .refused(let statusCode, let retryAfterSeconds):
            switch statusCode {
            case 400, 403, 404, 426:
                return nil
            case 429, 503:
                return .seconds(Double(retryAfterSeconds ?? 0)) + backoff(failureCount + 1, &random)
            default:
                return backoff(failureCount, &random)
            }
        }
    }

    /// Whether the server announced the end, as it does when it stops.
    var isAnnounced: Bool {
        switch self {
        case .closed(let code, _): code == 1_001 || code == 1_012
        case .connectionLost, .refused: false
        }
    }

    private func backoff(_ failureCount: Int, _ random: inout SeededGenerator) -> Duration {
        let most = Self.backoffFirstSeconds * Double(UInt64(1) << UInt64(min(failureCount, 10)))
        return .seconds(min(most, Self.backoffMaxSeconds) * random.unitInterval())
    }

    /// The wait of a reason such as `server restarting, reconnect in 3 s`, in seconds; nil when there is none.
    static func advisedSeconds(in reason: [UInt8]) -> Double? {
        let text = String(decoding: reason, as: UTF8.self)
        guard let range = text.firstRange(of: "reconnect in ") else { return nil }
        let digits = text[range.upperBound...].prefix { $0.isASCII && $0.isNumber }
        guard let seconds = Int(digits), seconds <= 3_600 else { return nil }
        return Double(seconds)
    }
}
