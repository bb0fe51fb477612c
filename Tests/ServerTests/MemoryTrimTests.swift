import Testing

@testable import Server

@Suite struct MemoryTrimTests {
    /// Releases so many connections; how often the timer had to be set.
    private static func release(_ count: Int, _ trim: inout MemoryTrim) -> Int {
        (0..<count).count { _ in trim.connectionReleased() }
    }

    @Test func `the timer is set once, when many connections were released`() {
        var trim = MemoryTrim()
        #expect(Self.release(ServerLimits.trimmedReleaseCountMin - 1, &trim) == 0)
        #expect(Self.release(1, &trim) == 1)
        #expect(Self.release(10_000, &trim) == 0)
    }

    @Test func `memory is returned after a period in which few connections were released`() {
        var trim = MemoryTrim()
        _ = Self.release(ServerLimits.trimmedReleaseCountMin, &trim)
        _ = Self.release(ServerLimits.calmReleaseCountMax + 1, &trim)
        #expect(trim.timerFired() == .wait)
        _ = Self.release(ServerLimits.calmReleaseCountMax, &trim)
        #expect(trim.timerFired() == .trim)
    }

    @Test func `trims of a large heap are rare`() {
        #expect(FreeMemory.rest(after: .microseconds(500)) == .milliseconds(500))
        #expect(FreeMemory.rest(after: .milliseconds(140)) == .seconds(140))
    }

    @Test func `after a trim the count begins again`() {
        var trim = MemoryTrim()
        _ = Self.release(ServerLimits.trimmedReleaseCountMin, &trim)
        #expect(trim.timerFired() == .trim)
        #expect(Self.release(ServerLimits.trimmedReleaseCountMin - 1, &trim) == 0)
        #expect(Self.release(1, &trim) == 1)
    }
}
