import Primitives
import Testing

@testable import Sessions

@Suite struct UserLimitsTests {
    private let alice = UserLimits.User(UserID("alice"))
    private let bob = UserLimits.User(UserID("bob"))

    private func limits(_ change: (inout UserLimitSettings) -> Void = { _ in }) -> UserLimits {
        var settings = UserLimitSettings()
        change(&settings)
        return UserLimits(settings)
    }

    private func time(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 7_000_000_000_000 + UInt64(seconds * 1e9))
    }

    // MARK: - In flight

    @Test func `each user has a limited number of reads in flight of its own`() throws {
        var limits = limits { $0.readCountMax = 3 }
        for _ in 0..<3 { try limits.begin(.read, by: alice) }
        #expect(throws: UserLimits.Refusal.reads) { try limits.begin(.read, by: alice) }
        try limits.begin(.read, by: bob)
        limits.end(.read, by: alice)
        try limits.begin(.read, by: alice)
        #expect(limits.count(of: .read, by: alice) == 3)
    }

    @Test func `reads and uploads are counted apart, and a user with nothing in flight costs nothing`() throws {
        var limits = limits()
        try limits.begin(.read, by: alice)
        try limits.begin(.upload, by: alice)
        try limits.begin(.upload, by: alice)
        #expect(throws: UserLimits.Refusal.uploads) { try limits.begin(.upload, by: alice) }
        #expect(limits.count(of: .read, by: alice) == 1)
        limits.end(.upload, by: alice)
        limits.end(.upload, by: alice)
        #expect(limits.activeUserCount == 1)
        limits.end(.read, by: alice)
        #expect(limits.activeUserCount == 0)
    }

    @Test func `an activity that did not begin cannot end`() async {
        await #expect(processExitsWith: .failure) {
            var limits = UserLimits(UserLimitSettings())
            limits.end(.read, by: UserLimits.User(UserID("alice")))
        }
    }

    // MARK: - Writes

    @Test func `writes come in a burst and then at their rate`() throws {
        var limits = limits()
        for _ in 0..<60 { try limits.takeWrite(by: alice, at: time(0)) }
        #expect(throws: UserLimits.Refusal.writes(retryAfterSeconds: 1)) {
            try limits.takeWrite(by: alice, at: time(0))
        }
        try limits.takeWrite(by: bob, at: time(0))
        // A second later there are twenty more, and no more.
        for _ in 0..<20 { try limits.takeWrite(by: alice, at: time(1)) }
        #expect(throws: UserLimits.Refusal.writes(retryAfterSeconds: 1)) {
            try limits.takeWrite(by: alice, at: time(1))
        }
    }

    @Test func `a refused write does not count, and a client that waits as advised may write`() throws {
        var limits = limits {
            $0.writesPerSecond = 1
            $0.writeCountBurst = 1
        }
        try limits.takeWrite(by: alice, at: time(0))
        for _ in 0..<5 {
            #expect(throws: UserLimits.Refusal.writes(retryAfterSeconds: 1)) {
                try limits.takeWrite(by: alice, at: time(0.3))
            }
        }
        try limits.takeWrite(by: alice, at: time(1.3))
    }

    @Test func `a write that is returned can be taken again`() throws {
        var limits = limits {
            $0.writesPerSecond = 1
            $0.writeCountBurst = 2
        }
        for _ in 0..<10 {
            try limits.takeWrite(by: alice, at: time(0))
            limits.returnWrite(by: alice, at: time(0))
        }
        try limits.takeWrite(by: alice, at: time(0))
        try limits.takeWrite(by: alice, at: time(0))
        #expect(throws: UserLimits.Refusal.self) { try limits.takeWrite(by: alice, at: time(0)) }
    }

    @Test func `returning a write late gains nothing over the burst`() throws {
        var limits = limits { $0.writeCountBurst = 3 }
        for _ in 0..<3 { try limits.takeWrite(by: alice, at: time(0)) }
        for _ in 0..<3 { limits.returnWrite(by: alice, at: time(100)) }
        for _ in 0..<3 { try limits.takeWrite(by: alice, at: time(100)) }
        #expect(throws: UserLimits.Refusal.self) { try limits.takeWrite(by: alice, at: time(100)) }
    }

    @Test func `a user is forgotten when its bucket is full again`() throws {
        var limits = limits()
        for index in 0..<1_000 { try limits.takeWrite(by: UserLimits.User(UserID("u\(index)")), at: time(0)) }
        #expect(limits.rememberedCount == 1_000)
        limits.removeExpired(at: time(5))
        limits.removeExpired(at: time(10))
        #expect(limits.rememberedCount == 0)
    }

    @Test func `the number of remembered users is bounded`() throws {
        var limits = UserLimits(UserLimitSettings(), userCountMax: 100)
        for index in 0..<1_000 { try limits.takeWrite(by: UserLimits.User(UserID("u\(index)")), at: time(0)) }
        #expect(limits.rememberedCount <= 100)
        #expect(limits.evictionCount > 0)
    }

    // MARK: - Bytes of uploads

    @Test func `stored bytes count for an hour, and for five minutes more at most`() throws {
        var limits = limits { $0.uploadBytesPerHour = 1_000 }
        try limits.takeUpload(ofByteCount: 1_000, by: alice, at: time(0))
        #expect(throws: UserLimits.Refusal.self) { try limits.takeUpload(ofByteCount: 1, by: alice, at: time(3_599)) }
        try limits.takeUpload(ofByteCount: 1_000, by: bob, at: time(3_599))
        try limits.takeUpload(ofByteCount: 1_000, by: alice, at: time(3_901))
    }

    @Test(arguments: [0, 1, 299, 300, 1_000, 2_000]) func `a client that waits as advised may upload`(
        seconds: Int
    ) throws {
        var limits = limits { $0.uploadBytesPerHour = 1_000 }
        try limits.takeUpload(ofByteCount: 400, by: alice, at: time(0))
        try limits.takeUpload(ofByteCount: 600, by: alice, at: time(1_200))
        let refusal = #expect(throws: UserLimits.Refusal.self) {
            try limits.takeUpload(ofByteCount: 300, by: alice, at: time(1_200 + Double(seconds)))
        }
        guard case .uploadBytes(let wait) = refusal else { return }
        #expect(wait <= 3_900)
        try limits.takeUpload(ofByteCount: 300, by: alice, at: time(1_200 + Double(seconds + wait)))
    }

    @Test func `bytes that were not stored after all do not count`() throws {
        var limits = limits { $0.uploadBytesPerHour = 1_000 }
        try limits.takeUpload(ofByteCount: 700, by: alice, at: time(299))
        limits.returnUpload(ofByteCount: 700, by: alice, at: time(301))
        try limits.takeUpload(ofByteCount: 1_000, by: alice, at: time(302))
    }

    @Test func `a check takes nothing from the limit`() throws {
        var limits = limits { $0.uploadBytesPerHour = 1_000 }
        for _ in 0..<3 { try limits.checkUpload(ofByteCount: 1_000, by: alice, at: time(0)) }
        #expect(throws: UserLimits.Refusal.self) { try limits.checkUpload(ofByteCount: 1_001, by: alice, at: time(0)) }
        try limits.takeUpload(ofByteCount: 1_000, by: alice, at: time(0))
    }

    // MARK: - No limit

    @Test func `0 is no limit`() throws {
        var limits = limits {
            $0.readCountMax = 0
            $0.uploadCountMax = 0
            $0.writesPerSecond = 0
            $0.uploadBytesPerHour = 0
        }
        #expect(!limits.isLimited(.read) && !limits.isLimited(.upload) && !limits.settings.areWritesLimited)
        for _ in 0..<1_000 {
            try limits.takeWrite(by: alice, at: time(0))
            try limits.takeUpload(ofByteCount: 1 << 30, by: alice, at: time(0))
        }
        #expect(limits.rememberedCount == 0)
    }
}
