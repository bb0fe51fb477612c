import HTTPTypes

/// What is known about a request's head, besides its bytes.
struct RequestHeadInfo: Sendable {
    var method: HTTPRequest.Method
    var version: HTTPVersion
    var body: RequestBodyKind
    var keepAlive: Bool
    var expectsContinue: Bool
    var upgradeRequested: Bool
    /// The field lines, each with its line break.
    var fieldLines: Range<Int>
    var path: Range<Int>
    var query: Range<Int>?
    var authority: Range<Int>?
    var values: KnownFieldRanges
    /// The bytes of the head, and of parts that it implies.
    var byteCount: Int
}

/// The bytes of a head and what is known about it, in one allocation. Nothing changes after it was made.
final class RequestHeadStorage: ManagedBuffer<RequestHeadInfo, UInt8> {
    /// Copies `bytes`, and `more` behind them.
    static func make(_ bytes: Span<UInt8>, _ more: StaticString, _ info: RequestHeadInfo) -> RequestHeadStorage {
        let moreCount = more.utf8CodeUnitCount
        let byteCount = bytes.count + moreCount
        let buffer = create(minimumCapacity: byteCount) { _ in
            var info = info
            info.byteCount = byteCount
            return info
        }
        // SAFETY: the capacity is the sum of both counts. No other reference to the buffer exists.
        unsafe buffer.withUnsafeMutablePointerToElements { start in
            unsafe bytes.withUnsafeBufferPointer { source in
                guard let base = source.baseAddress else { return }
                unsafe start.initialize(from: base, count: source.count)
            }
            if moreCount > 0 { unsafe (start + bytes.count).initialize(from: more.utf8Start, count: moreCount) }
        }
        // SAFETY: `create` returns an instance of the class on which it was called.
        return unsafe unsafeDowncast(buffer, to: RequestHeadStorage.self)
    }

    /// All bytes.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: the elements are initialized up to `byteCount`, never change, and live as long as the buffer.
            let start = unsafe withUnsafeMutablePointerToElements { unsafe UnsafePointer($0) }
            return unsafe _overrideLifetime(Span(_unsafeStart: start, count: header.byteCount), borrowing: self)
        }
    }
}
