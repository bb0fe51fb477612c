import CLiburing
import Glibc
import Primitives
import Testing

@testable import Reactor

/// What the kernel lets a ring do.
@Suite struct RingRestrictionsTests {
    /// Submits an entry that only has an operation, and returns its result.
    private static func result(of operation: UInt8, limits: ReactorLimits) throws -> Int32? {
        let driver = try UringDriver(limits: limits)
        defer { driver.shutDown() }
        let tag = CompletionTag(.send, ConnectionID(slot: 0, generation: 7))
        // SAFETY: the entry is the driver's, and names no memory.
        let entry = unsafe driver.entry()
        unsafe entry.pointee.opcode = operation
        unsafe entry.pointee.fd = -1
        unsafe entry.pointee.user_data = tag.bits
        driver.submitAndWait(until: driver.now + .seconds(5))
        var completions = [Completion](repeating: Completion(tag: CompletionTag(.wake), result: 0), count: 16)
        let count = unsafe completions.withUnsafeMutableBufferPointer { unsafe driver.drain(into: $0) }
        return completions.prefix(count).first { $0.tag == tag }?.result
    }

    private static func limits(outgoingConnectionCountMax: Int = 0) -> ReactorLimits {
        var limits = ReactorLimits()
        limits.descriptorCountMax = 64
        limits.outgoingConnectionCountMax = outgoingConnectionCountMax
        return limits
    }

    // NOP, WRITEV, OPENAT, OPENAT2, UNLINKAT, SPLICE, EPOLL_CTL, FILES_UPDATE.
    @Test(arguments: [0, 2, 18, 28, 36, 30, 29, 20] as [UInt8])
    func `a ring does only what the driver uses`(operation: UInt8) throws {
        #expect(try Self.result(of: operation, limits: Self.limits()) == -EACCES)
    }

    // SOCKET and CONNECT.
    @Test(arguments: [45, 16] as [UInt8])
    func `a ring connects only if its reactor does`(operation: UInt8) throws {
        #expect(try Self.result(of: operation, limits: Self.limits()) == -EACCES)
        let result = try Self.result(of: operation, limits: Self.limits(outgoingConnectionCountMax: 8))
        #expect(result != nil && result != -EACCES)
    }
}
