import Primitives
import Testing

@testable import Sessions

/// What is remembered of users for a time.
@Suite struct GenerationTableTests {
    private static func at(_ seconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
    }

    private static func user(_ number: Int) -> UserLimits.User { UserLimits.User(UserID("user-\(number)")) }

    private static func table(countMax: Int = 100) -> GenerationTable<Int> {
        GenerationTable(period: .seconds(10), countMax: countMax)
    }

    @Test func `a value is kept for its period, and no longer than two`() {
        var table = Self.table()
        table.set(7, of: Self.user(1), at: Self.at(100))
        table.removeExpired(at: Self.at(109))
        #expect(table[Self.user(1)] == 7)
        table.removeExpired(at: Self.at(110))
        #expect(table[Self.user(1)] == 7)
        table.removeExpired(at: Self.at(120))
        #expect(table[Self.user(1)] == nil)
        #expect(table.count == 0)
    }

    @Test func `a value that is set again is kept for another period`() {
        var table = Self.table()
        table.set(1, of: Self.user(1), at: Self.at(100))
        table.set(2, of: Self.user(1), at: Self.at(112))
        #expect(table.count == 1)
        table.removeExpired(at: Self.at(121))
        #expect(table[Self.user(1)] == 2)
    }

    @Test func `after a long pause nothing is left`() {
        var table = Self.table()
        table.set(1, of: Self.user(1), at: Self.at(100))
        table.removeExpired(at: Self.at(1_000))
        #expect(table.count == 0)
    }

    @Test func `a full table evicts its older values and counts them`() {
        var table = Self.table(countMax: 4)
        for number in 1...4 { table.set(number, of: Self.user(number), at: Self.at(100)) }
        #expect(table.count == 4)
        #expect(table.evictionCount == 0)
        table.set(5, of: Self.user(5), at: Self.at(100))
        #expect(table.evictionCount == 2)
        #expect((1...5).map { table[Self.user($0)] } == [nil, nil, 3, 4, 5])
    }

    @Test func `a full table changes a value in place`() {
        var table = Self.table(countMax: 4)
        for number in 1...2 { table.set(number, of: Self.user(number), at: Self.at(100)) }
        for value in 10...20 { table.set(value, of: Self.user(2), at: Self.at(100)) }
        #expect(table[Self.user(1)] == 1)
        #expect(table[Self.user(2)] == 20)
        #expect(table.evictionCount == 0)
    }
}

/// The bytes that a user stored within the last hour.
@Suite struct UploadWindowTests {
    private static func at(minutes: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: minutes * 60 * 1_000_000_000)
    }

    @Test func `a byte counts for an hour, and five minutes longer at most`() {
        var window = UploadWindow()
        window.add(100, at: Self.at(minutes: 3))
        #expect(window.byteCount(at: Self.at(minutes: 63)) == 100)
        #expect(window.byteCount(at: Self.at(minutes: 65)) == 0)
    }

    @Test func `bytes of several periods add up and expire one period after the other`() {
        var window = UploadWindow()
        for period in 0..<UInt64(12) { window.add(10, at: Self.at(minutes: 5 * period)) }
        #expect(window.byteCount(at: Self.at(minutes: 59)) == 120)
        #expect(window.byteCount(at: Self.at(minutes: 65)) == 110)
        #expect(window.byteCount(at: Self.at(minutes: 90)) == 60)
        #expect(window.byteCount(at: Self.at(minutes: 1_000)) == 0)
    }

    @Test func `bytes that are returned are those of the newest periods`() {
        var window = UploadWindow()
        window.add(10, at: Self.at(minutes: 0))
        window.add(20, at: Self.at(minutes: 30))
        window.remove(25, at: Self.at(minutes: 31))
        #expect(window.byteCount(at: Self.at(minutes: 31)) == 5)
        // What is left is of the first period.
        #expect(window.byteCount(at: Self.at(minutes: 65)) == 0)
    }

    @Test func `no more bytes are returned than count`() {
        var window = UploadWindow()
        window.add(10, at: Self.at(minutes: 0))
        window.remove(1_000, at: Self.at(minutes: 1))
        #expect(window.byteCount(at: Self.at(minutes: 1)) == 0)
    }

    @Test func `the wait for room ends with the period that expires next`() {
        var window = UploadWindow()
        window.add(10, at: Self.at(minutes: 2))
        window.add(20, at: Self.at(minutes: 12))
        #expect(window.waitForRoom(ofByteCount: 20, at: Self.at(minutes: 20)) == (65 - 20) * 60)
        #expect(window.waitForRoom(ofByteCount: 0, at: Self.at(minutes: 20)) == (75 - 20) * 60)
        #expect(window.waitForRoom(ofByteCount: 30, at: Self.at(minutes: 24)) == 60)
    }
}
