import Auth
import Primitives
import Testing

@testable import Sessions

@Suite struct AddressLimitsTests {
    private let address = PeerAddress(ipv4: 0x0a01_0203)
    private let now = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test func `each address has a limited number of connections of its own`() {
        var limits = AddressLimits(connectionCountMax: 2)
        let taken = (0..<3).map { _ in limits.reserveConnection(of: address) }
        let other = limits.reserveConnection(of: PeerAddress(ipv4: 1))
        #expect(taken == [true, true, false] && other && limits.connectedAddressCount == 2)
        limits.releaseConnection(of: address)
        let again = limits.reserveConnection(of: address)
        #expect(again)
    }

    @Test func `the addresses of an IPv6 subscriber count together`() {
        var limits = AddressLimits(connectionCountMax: 1)
        let taken = [1, 2].map { limits.reserveConnection(of: PeerAddress(high: 0x2001_0db8_0000_0001, low: $0)) }
        let next = limits.reserveConnection(of: PeerAddress(high: 0x2001_0db8_0000_0002, low: 1))
        #expect(taken == [true, false] && next)
    }

    @Test func `an address without connections uses no memory`() {
        var limits = AddressLimits(connectionCountMax: 2)
        for _ in 0..<2 { _ = limits.reserveConnection(of: address) }
        for _ in 0..<2 { limits.releaseConnection(of: address) }
        #expect(limits.connectedAddressCount == 0)
    }

    @Test func `releasing a connection that is not counted stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var limits = AddressLimits(connectionCountMax: 2)
            limits.releaseConnection(of: PeerAddress(ipv4: 1))
        }
    }

    @Test func `an address has ten attempts without a token for each that a user has`() {
        var limits = AddressLimits(userAttemptsPerMinuteMax: 3)
        let decisions = (0..<31).map { _ in limits.attempt(of: address, at: now) }
        #expect(decisions.dropLast().allSatisfy { $0 == .allowed } && decisions.last == .refused(retryAfterSeconds: 60))
        limits.removeExpired(at: now + .seconds(60))
        #expect(limits.attempt(of: address, at: now + .seconds(60)) == .allowed)
    }

    @Test func `0 is no limit`() {
        var limits = AddressLimits()
        #expect(!limits.areConnectionsLimited && !limits.areAttemptsLimited)
        for _ in 0..<1_000 { #expect(limits.attempt(of: address, at: now) == .allowed) }
    }
}
