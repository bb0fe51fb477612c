/// The bytes of one `send`, owned until its completion.
@safe struct OwnedSend {
    // SAFETY: the memory is valid from `init` to `deallocate`, and `sentByteCount` never passes its end.
    private let bytes: UnsafeMutableRawBufferPointer
    private var sentByteCount = 0

    init(copying source: Span<UInt8>) {
        unsafe bytes = .allocate(byteCount: source.count, alignment: 16)
        unsafe source.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
    }

    /// Counts the bytes that a completion reported as sent.
    mutating func advance(byteCount: Int) {
        unsafe precondition(byteCount <= bytes.count - sentByteCount, "more was sent than there was")
        sentByteCount += byteCount
    }

    /// Whether all was sent.
    var isWhole: Bool { unsafe sentByteCount == bytes.count }

    /// The bytes that are not sent yet.
    var rest: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: bytes[sentByteCount...]) }

    /// Frees the bytes; no operation may read them after this.
    func deallocate() { unsafe bytes.deallocate() }
}
