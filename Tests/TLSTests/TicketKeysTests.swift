import COpenSSL
import Primitives
import Testing

@testable import TLS

@Suite struct TicketKeysTests {
    private static func at(_ hours: Int) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 0) + .seconds(hours * 3_600)
    }

    /// What OpenSSL gets when it asks for a key: its answer, and the name of the key.
    private static func prepare(_ keys: TicketKeys, named name: [UInt8]? = nil) throws -> (CInt, [UInt8]) {
        // SAFETY: the contexts are freed here; the arrays have the lengths that OpenSSL's have.
        let cipher = unsafe try #require(EVP_CIPHER_CTX_new())
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        let code = unsafe try #require(EVP_MAC_fetch(nil, "HMAC", nil))
        defer { unsafe EVP_MAC_free(code) }
        let codeContext = unsafe try #require(EVP_MAC_CTX_new(code))
        defer { unsafe EVP_MAC_CTX_free(codeContext) }
        var bytes = name ?? [UInt8](repeating: 0, count: 16)
        var vector = [UInt8](repeating: 0, count: 16)
        let answer = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            unsafe vector.withUnsafeMutableBufferPointer { vector in
                unsafe keys.prepare(
                    name: bytes.baseAddress.unsafelyUnwrapped, vector: vector.baseAddress.unsafelyUnwrapped,
                    cipher: cipher, code: codeContext, isEncrypting: name == nil)
            }
        }
        return (answer, bytes)
    }

    @Test func `a key encrypts for twelve hours, and decrypts for twelve more`() throws {
        let keys = TicketKeys(at: Self.at(0))
        let (answer, first) = try Self.prepare(keys)
        #expect(answer == 1 && first != [UInt8](repeating: 0, count: 16))
        keys.timePassed(Self.at(11))
        #expect(try Self.prepare(keys).1 == first)
        #expect(try Self.prepare(keys, named: first).0 == 1)
        keys.timePassed(Self.at(12))
        let (_, second) = try Self.prepare(keys)
        #expect(second != first)
        #expect(try Self.prepare(keys, named: first).0 == 2, "the ticket is good, and is to be renewed")
        #expect(try Self.prepare(keys, named: second).0 == 1)
        keys.timePassed(Self.at(24))
        #expect(try Self.prepare(keys, named: first).0 == 0, "a full handshake")
        #expect(try Self.prepare(keys, named: second).0 == 2)
    }

    @Test func `a key of another server is none of ours`() throws {
        let (_, name) = try Self.prepare(TicketKeys(at: Self.at(0)))
        #expect(try Self.prepare(TicketKeys(at: Self.at(0)), named: name).0 == 0)
    }
}
