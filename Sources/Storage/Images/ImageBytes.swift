/// An image that is open for reading: it stays whole for its reader when it is removed meanwhile. Callable from any
/// thread; a call never blocks the caller's.
public protocol ImageBytes: Sendable {
    /// How large the image is.
    var byteCount: Int { get }

    /// So many bytes from `offset` on, fewer at the end only.
    func read(at offset: Int, byteCountMax: Int) async throws(StorageError) -> [UInt8]
}

/// An image that is in memory.
struct WholeImage: ImageBytes {
    let bytes: [UInt8]

    var byteCount: Int { bytes.count }

    func read(at offset: Int, byteCountMax: Int) async throws(StorageError) -> [UInt8] {
        Array(bytes.dropFirst(offset).prefix(byteCountMax))
    }
}
