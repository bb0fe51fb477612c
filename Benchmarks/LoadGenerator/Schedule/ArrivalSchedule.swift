import Glibc
import Primitives

/// How intended times are spread.
package enum ArrivalKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// At equal distances.
    case fixed
    /// At random, each independent of the others: exponential distances with the same mean.
    case poisson
}

/// The intended times of a stream of requests: an open loop, which no answer can stretch.
///
/// Times are computed from the beginning and the count, or from the last intended time; never from the time at which
/// anything was done. A value; give the same seed and it gives the same times.
package struct ArrivalSchedule: Sendable {
    /// When the next request is meant to be sent; nil when no more is.
    package private(set) var next: MonotonicInstant?

    private let start: MonotonicInstant
    private let end: MonotonicInstant
    private let perSecond: Double
    private let kind: ArrivalKind
    private let profile: RateProfile
    /// Where between two beats this schedule stands, in 0 ..< 1: lanes that share a rate do not send at one time.
    private let phase: Double
    private var count: UInt64 = 0
    /// Nanoseconds behind the start, with their fractions.
    private var offset = 0.0
    private var random: SeededGenerator

    /// A schedule from `start` up to and not including `end`; nothing at a rate of zero.
    package init(
        start: MonotonicInstant, end: MonotonicInstant, perSecond: Double, kind: ArrivalKind,
        profile: RateProfile = .constant, phase: Double = 0, seed: UInt64 = 0
    ) {
        precondition(perSecond >= 0 && perSecond.isFinite && phase >= 0 && phase < 1)
        self.start = start
        self.end = end
        self.perSecond = perSecond
        self.kind = kind
        self.profile = profile
        self.phase = phase
        random = SeededGenerator(seed: seed)
        if perSecond > 0 { advance() }
    }

    /// Takes the next intended time if it is due. O(1) but for profiles, whose pauses are stepped over.
    package mutating func takeDue(at now: MonotonicInstant) -> MonotonicInstant? {
        guard let due = next, due <= now else { return nil }
        advance()
        return due
    }

    private mutating func advance() {
        switch (kind, profile) {
        case (.fixed, .constant):
            // From the count, so that no error adds up.
            offset = (Double(count) + phase) * 1e9 / perSecond
        case (.fixed, .day):
            step(by: count == 0 ? phase : 1)
        case (.poisson, _):
            step(by: -log(1 - random.unitInterval()))
        }
        count += 1
        let instant = MonotonicInstant(nanoseconds: start.nanoseconds + UInt64(min(offset, 9e18)))
        next = instant < end ? instant : nil
    }

    /// Moves on by `beats` mean distances at the rate of the moment. Within a step the rate is taken as constant over
    /// a thousandth of the whole, which is finer than the profile's own steps.
    private mutating func step(by beats: Double) {
        var remaining = beats
        let whole = Double(end.nanoseconds - min(start.nanoseconds, end.nanoseconds))
        let slice = max(whole / 1_000, 1)
        while offset < whole {
            let rate = perSecond * profile.factor(at: offset / max(whole, 1)) / 1e9
            let sliceEnd = ((offset / slice).rounded(.down) + 1) * slice
            let possible = (sliceEnd - offset) * rate
            if profile == .constant || possible >= remaining, rate > 0 {
                offset += remaining / rate
                return
            }
            remaining -= possible
            offset = sliceEnd
        }
    }
}

/// How the rate changes over a run.
package enum RateProfile: String, Hashable, Sendable, Codable {
    /// It does not.
    case constant
    /// A day of a shop: closed at night, busy in the late morning and busiest in the early evening.
    case day

    /// The rate at `fraction` of the run, 0 to 1, as a multiple of the mean: its own mean over the run is 1.
    package func factor(at fraction: Double) -> Double {
        switch self {
        case .constant:
            return 1
        case .day:
            let hour = min(max(Int(fraction * 24), 0), 23)
            return Self.hours[hour] * 24 / Self.hourSum
        }
    }

    /// Relative rates of the hours of a day, from midnight.
    private static let hours: [Double] = [
        0.1, 0.1, 0.05, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 4, 3, 2.5, 2.5, 3, 4, 5, 5, 4, 2, 1, 0.5, 0.2,
    ]
    private static let hourSum = hours.reduce(0, +)
}
