import Glibc

/// The system calls of the doctor that need pointers.
enum DoctorCalls {
    /// The state of the kernel's clock (adjtimex(2), which changes nothing here).
    ///
    /// The C library's module for Swift does not have the call, so it is looked up by name.
    static func clockState() -> ClockState {
        typealias Call = @convention(c) (UnsafeMutableRawPointer) -> CInt
        // SAFETY: `adjtimex` has this signature. It reads `modes` of `struct timex`, the first four bytes, and writes the
        // structure of 208 bytes, which the buffer has room for. Zero in `modes` changes nothing.
        guard let symbol = unsafe dlsym(nil, "adjtimex") else { return .unknown }
        let adjtimex = unsafe unsafeBitCast(symbol, to: Call.self)
        var words = [Int64](repeating: 0, count: 64)
        let state = unsafe words.withUnsafeMutableBytes { buffer in
            unsafe buffer.baseAddress.map { unsafe adjtimex($0) } ?? -1
        }
        // TIME_ERROR: the clock is not synchronised. `maxerror`, in microseconds, is the fourth word.
        if state == 5 { return .unsynchronised }
        return state < 0 ? .unknown : .synchronised(errorMax: .microseconds(words[3]))
    }

    /// All of a file, read to its end: the kernel gives files of /proc page by page, and reports no size. Nil when it cannot
    /// be read.
    static func contents(of path: String) -> [UInt8]? {
        // SAFETY: the path is read before the call returns.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            // SAFETY: the call writes no more bytes than the array has, and keeps no pointer.
            let count = unsafe read(descriptor, &piece, piece.count)
            if count == 0 { return bytes }
            guard count > 0 else { return nil }
            bytes += piece.prefix(count)
        }
    }

    /// The first bytes of a file, fewer at its end; nil when it cannot be read.
    static func head(of path: String, byteCount: Int) -> [UInt8]? {
        // SAFETY: the path is read before the call returns. A FIFO does not block the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        // SAFETY: the call writes no more bytes than the array has, and keeps no pointer.
        let count = unsafe read(descriptor, &bytes, byteCount)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }
}
