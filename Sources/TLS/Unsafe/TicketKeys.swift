internal import COpenSSL
package import Primitives
internal import Synchronization

/// The keys that encrypt session tickets (RFC 5077, section 4; RFC 8446, section 4.6.1). All contexts of a server share
/// them, so that sessions resume on every reactor and after a change of certificates.
///
/// A key encrypts tickets for `Limits.ticketKeyLifetime`, and decrypts them for as long again. The keys live in memory
/// only: who reads the disk of a server cannot decrypt what was recorded before, and a restart makes all clients do full
/// handshakes. Any thread.
public final class TicketKeys: Sendable {
    struct Key: Sendable {
        static let nameByteCount = 16
        static let secretByteCount = 32

        let name: [UInt8]
        let cipherSecret: [UInt8]
        let authenticationSecret: [UInt8]

        init() {
            name = Self.randomBytes(Self.nameByteCount)
            cipherSecret = Self.randomBytes(Self.secretByteCount)
            authenticationSecret = Self.randomBytes(Self.secretByteCount)
        }

        private static func randomBytes(_ count: Int) -> [UInt8] {
            var generator = SystemRandomNumberGenerator()
            return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
    }

    private struct State {
        var current = Key()
        var previous: Key?
        var changesAt: MonotonicInstant
    }

    private let state: Mutex<State>

    /// Fresh keys.
    package init(at now: MonotonicInstant) {
        state = Mutex(State(changesAt: now + Limits.ticketKeyLifetime))
    }

    /// Replaces the key when it is due. Call it some times an hour.
    package func timePassed(_ now: MonotonicInstant) {
        state.withLock { state in
            guard now >= state.changesAt else { return }
            state.previous = state.current
            state.current = Key()
            state.changesAt = now + Limits.ticketKeyLifetime
        }
    }

    private func encryptingKey() -> Key { state.withLock { $0.current } }

    private func decryptingKey(named name: [UInt8]) -> (key: Key, isCurrent: Bool)? {
        state.withLock { state in
            if state.current.name == name { return (state.current, true) }
            guard let previous = state.previous, previous.name == name else { return nil }
            return (previous, false)
        }
    }
}

// MARK: - OpenSSL's callback

extension TicketKeys {
    /// Prepares the contexts that encrypt or decrypt a ticket (`SSL_CTX_set_tlsext_ticket_key_evp_cb`). Returns 1 for a
    /// key, 2 for one whose tickets are to be renewed, 0 for no key, which leads to a full handshake, and −1 for failure.
    func prepare(
        name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>, cipher: OpaquePointer,
        code: OpaquePointer, isEncrypting: Bool
    ) -> CInt {
        // SAFETY: OpenSSL gives room for a name of 16 bytes, and for a vector of EVP_MAX_IV_LENGTH (16) bytes.
        if isEncrypting {
            let key = encryptingKey()
            unsafe name.update(from: key.name, count: Key.nameByteCount)
            guard unsafe RAND_bytes(vector, 16) == 1,
                unsafe EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipherSecret, vector, nil) == 1
            else { return -1 }
            return unsafe Self.setKey(key, of: code) ? 1 : -1
        }
        let sought = unsafe [UInt8](UnsafeBufferPointer(start: name, count: Key.nameByteCount))
        guard let (key, isCurrent) = decryptingKey(named: sought) else { return 0 }
        guard unsafe EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipherSecret, vector, nil) == 1,
            unsafe Self.setKey(key, of: code)
        else { return -1 }
        return isCurrent ? 1 : 2
    }

    private static func setKey(_ key: Key, of code: OpaquePointer) -> Bool {
        var secret = key.authenticationSecret
        var digest: [CChar] = [0x73, 0x68, 0x61, 0x32, 0x35, 0x36, 0]  // sha256
        // SAFETY: the parameters are read during the call, while both arrays stay in place.
        return unsafe secret.withUnsafeMutableBytes { secret in
            unsafe digest.withUnsafeMutableBufferPointer { digest in
                let parameters = unsafe [
                    OSSL_PARAM_construct_octet_string(SHIM_MAC_PARAM_KEY, secret.baseAddress, secret.count),
                    OSSL_PARAM_construct_utf8_string(SHIM_MAC_PARAM_DIGEST, digest.baseAddress, 0),
                    OSSL_PARAM_construct_end(),
                ]
                return unsafe EVP_MAC_CTX_set_params(code, parameters) == 1
            }
        }
    }
}
