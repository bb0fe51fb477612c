import Primitives
import Testing

@testable import Server

@Suite struct TimerTokenTests {
    /// Connections and numbers at the ends of their ranges, and all of the shard's own.
    private static let tokens: [TimerToken] =
        [(0, 0), (UInt32.max, 0), (0, 0xff_ffff), (UInt32.max, 0xff_ffff)]
        .map { .connection(ConnectionID(slot: $0.0, generation: $0.1)) }
        + [0, 1, 3, UInt64.max >> 2].map { .socketLoop($0) }
        + TimerToken.ShardTimer.allCases.map { .shard($0) }

    @Test func `no two timers have the same number, and each is read back`() {
        #expect(Set(Self.tokens.map(\.rawValue)).count == Self.tokens.count)
        for token in Self.tokens { #expect(TimerToken(rawValue: token.rawValue) == token) }
    }

    @Test(arguments: [UInt64.max, 3 << 62, 1 << 62]) func `a number of no timer is not read as one`(number: UInt64) {
        #expect(TimerToken(rawValue: number) == nil)
    }
}
