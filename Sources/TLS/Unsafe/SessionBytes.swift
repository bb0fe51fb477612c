internal import COpenSSL

/// The bytes on their way into and out of one session, where OpenSSL expects a socket.
///
/// During a call of the session, `input` is what the caller received, and `output` is the caller's array. Between calls
/// both are empty, so an idle session keeps no buffer.
@safe struct SessionBytes {
    /// The caller's bytes that OpenSSL has not read.
    var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    var output: [UInt8] = []
    /// Updates of the peer's key since its last data.
    var keyUpdateCount = 0

    /// OpenSSL's interface of a socket, on this structure (`BIO_get_data`).
    // SAFETY: made once, and OpenSSL only reads it.
    private nonisolated(unsafe) static let method: OpaquePointer? = unsafe makeMethod()

    private static func makeMethod() -> OpaquePointer? {
        guard let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shopstream") else {
            return nil
        }
        // SAFETY: each callback gets a BIO of `attach`, whose data is a SessionBytes that outlives it, and a buffer of
        // the given length.
        unsafe BIO_meth_set_read(method) { bio, buffer, byteCount in
            unsafe SessionBytes.read(bio, UnsafeMutableRawPointer(buffer), Int(byteCount))
        }
        unsafe BIO_meth_set_write(method) { bio, buffer, byteCount in
            unsafe SessionBytes.write(bio, UnsafeRawPointer(buffer), Int(byteCount))
        }
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return unsafe method
    }

    /// Makes a session read and write `bytes`, which must outlive it. False when no memory is left.
    static func attach(_ bytes: UnsafeMutablePointer<SessionBytes>, to session: OpaquePointer) -> Bool {
        // SAFETY: the session takes the ownership of the BIO, once for both directions.
        guard let method = unsafe method, let bio = unsafe BIO_new(method) else { return false }
        unsafe BIO_set_data(bio, bytes)
        unsafe BIO_set_init(bio, 1)
        unsafe SSL_set_bio(session, bio, bio)
        return true
    }

    private static func read(_ bio: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ byteCount: Int) -> CInt {
        // SAFETY: see `makeMethod`; `input` is valid during the call of the session in which OpenSSL reads.
        unsafe BIO_clear_flags(bio, CInt(SHIM_BIO_RETRY))
        guard let bytes = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: SessionBytes.self),
            let buffer = unsafe buffer
        else { return -1 }
        let count = min(byteCount, unsafe bytes.pointee.input.count)
        guard count > 0 else {
            unsafe BIO_set_flags(bio, CInt(SHIM_BIO_RETRY_READ))
            return -1
        }
        guard let source = unsafe bytes.pointee.input.baseAddress else { return -1 }
        unsafe buffer.copyMemory(from: source, byteCount: count)
        unsafe bytes.pointee.input = UnsafeRawBufferPointer(rebasing: bytes.pointee.input[count...])
        return CInt(count)
    }

    private static func write(_ bio: OpaquePointer?, _ buffer: UnsafeRawPointer?, _ byteCount: Int) -> CInt {
        // SAFETY: as above.
        unsafe BIO_clear_flags(bio, CInt(SHIM_BIO_RETRY))
        guard let bytes = unsafe BIO_get_data(bio)?.assumingMemoryBound(to: SessionBytes.self),
            let buffer = unsafe buffer
        else { return -1 }
        unsafe bytes.pointee.output.append(contentsOf: UnsafeRawBufferPointer(start: buffer, count: byteCount))
        return CInt(byteCount)
    }
}
