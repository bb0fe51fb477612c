/// The bytes of a send and their address, as they were when the shard offered them.
///
/// The shard promises that they stay there unchanged until `submitted`, whatever is called in between: the kernel
/// reads them at the submission, not when they are offered.
@safe struct OfferedBytes {
    let copy: [UInt8]
    private let place: UnsafeRawPointer?

    init(_ bytes: Span<UInt8>) {
        // SAFETY: the bytes are copied before the closure returns; the address is kept for `isUnmoved` alone.
        (copy, unsafe place) = unsafe bytes.withUnsafeBytes { unsafe (Array($0), $0.baseAddress) }
    }

    /// Whether the same bytes are still at the same address; before `submitted` only.
    var isUnmoved: Bool {
        guard let place = unsafe place else { return copy.isEmpty }
        // SAFETY: the shard's promise, which is under test: a broken one shows as a difference, or to a sanitizer.
        return unsafe UnsafeRawBufferPointer(start: place, count: copy.count).elementsEqual(copy)
    }
}
