/// The bytes of one `send`, owned until its completion.
@safe struct OwnedSend {
    // SAFETY: the elements of an array stay in place while it is referenced and unchanged. `source` is a reference, and
    // a constant: another holder of the array that changes it copies it first. `sentByteCount` never passes the end.
    private let source: ArraySlice<UInt8>
    private let bytes: UnsafeRawBufferPointer
    private var sentByteCount = 0

    init(_ source: ArraySlice<UInt8>) {
        self.source = source
        unsafe bytes = source.withUnsafeBytes { unsafe $0 }
    }

    /// Counts the bytes that a completion reported as sent.
    mutating func advance(byteCount: Int) {
        precondition(byteCount <= source.count - sentByteCount, "more was sent than there was")
        sentByteCount += byteCount
    }

    /// Whether all was sent.
    var isWhole: Bool { sentByteCount == source.count }

    /// The bytes that are not sent yet.
    var rest: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: bytes[sentByteCount...]) }

    /// Keeps the bytes without end, as the kernel may read them at any time from now on.
    func abandon() { unsafe UnsafeMutablePointer<ArraySlice<UInt8>>.allocate(capacity: 1).initialize(to: source) }
}
