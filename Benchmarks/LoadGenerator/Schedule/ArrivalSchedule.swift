import Glibc
import Primitives

/// The distribution of intended send times.
package enum ArrivalKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// At equal intervals.
    case fixed
    /// Random and independent: exponential intervals with the same mean.
    case poisson
}

/// The intended times of a sequence of requests: an open loop, which no answer can delay.
///
/// Times are computed from the beginning and the count, or from the last intended time; never from the time at which
/// something was done. A value; the same seed gives the same times.
package struct ArrivalSchedule: Sendable {
    /// The intended time of the next request; nil when there are no more.
    package private(set) var next: MonotonicInstant?

    private let start: MonotonicInstant
    private let end: MonotonicInstant
    private let perSecond: Double
    private let kind: ArrivalKind
    private let profile: RateProfile
    /// The offset of this schedule between two beats, in 0 ..< 1, so that lanes that share a rate do not send at the
    /// same time.
    private let phase: Double
    private var count: UInt64 = 0
    /// Nanoseconds since the start, with their fractions.
    private var offset = 0.0
    private var random: SeededGenerator

    /// Creates a schedule from `start` up to and not including `end`; empty at a rate of zero.
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

    /// Takes the next intended time if it is due. O(1), except for profiles, whose pauses are skipped step by step.
    package mutating func takeDue(at now: MonotonicInstant) -> MonotonicInstant? {
        guard let due = next, due <= now else { return nil }
        advance()
        return due
    }

    private mutating func advance() {
        switch (kind, profile) {
        case (.fixed, .constant):
            // Computed from the count, so that no error accumulates.
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

    /// Advances by `beats` mean intervals at the current rate. The rate is constant within a thousandth of the whole,
    /// which is finer than the profile's own steps.
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

/// The change of the rate over a run.
package enum RateProfile: String, Hashable, Sendable, Codable {
    /// The rate is constant.
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
