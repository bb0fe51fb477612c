package import HTTP
package import Primitives

extension HTTPSession {
    /// What the next bytes brought.
    package enum Input {
        /// All bytes were taken: report `inputTaken`.
        case done
        /// A head is complete: decide about it, and report `bodyAccepted`, `keysNeeded`, `uploadAnnounced` or
        /// `responseBegan`. `consumed` is the offset of the bytes after it.
        case head(RequestHead)
        /// Bytes of an upload, as a range of the input.
        case upload(Range<Int>)
        /// The request is complete: take it with `takeRequest`.
        case request
        /// The bytes are no request. Refuse it: `responseBegan`.
        case malformed(HTTPParseError)
    }

    /// Takes received bytes up to the next thing to decide, from `consumed` on. Bytes after the request are kept. O(bytes).
    ///
    /// - Precondition: `state.isReading`.
    package mutating func nextInput(in bytes: Span<UInt8>, _ consumed: inout Int) -> Input {
        precondition(state.isReading, "bytes of a request at the wrong time")
        do throws(HTTPParseError) {
            while true {
                switch try parser.next(bytes, consumed: &consumed) {
                case .needMore:
                    return .done
                case .head(let head):
                    become(.judging)
                    self.head = head
                    awaitsContinue = head.expectsContinue
                    return .head(head)
                case .body(let range):
                    switch bodyUse {
                    case .drop: break
                    case .keep: body.append(contentsOf: bytes.extracting(range))
                    case .upload: return .upload(range)
                    }
                case .end:
                    if consumed < bytes.count { leftover.append(contentsOf: bytes.extracting(consumed..<bytes.count)) }
                    become(.handling)
                    timerChange = .cancel
                    isBodyTimed = false
                    return .request
                }
            }
        } catch {
            return .malformed(error)
        }
    }

    /// All received bytes were taken. The time for a head begins at its first byte, and the time for a body at the end
    /// of the head: a client that trickles gains none.
    ///
    /// - Parameter isPieceFull: Whether the caller has a piece of an upload to write before more is received.
    package mutating func inputTaken(isPieceFull: Bool, at now: MonotonicInstant) -> Action {
        switch state {
        case .idle:
            if parser.isWithinHead {
                become(.readingHead)
                setTimer(now + Limits.headWait)
            }
        case .readingHead:
            break
        case .readingBody:
            if isPieceFull {
                become(.storingPiece)
                timerChange = .cancel
                isBodyTimed = false
                return .storePiece
            }
            if !isBodyTimed { setTimer(arrival?.deadline ?? now + Limits.bodyWait) }
            isBodyTimed = true
        case .securing, .judging, .awaitingKeys, .admittingUpload, .storingPiece, .handling, .responding,
            .skippingBody, .lingering, .closed:
            preconditionFailure("bytes of a request at the wrong time")
        }
        return .receive
    }

    /// The head was accepted, and the body is read. True when the client waits for `100 Continue`. Throws when the
    /// length of the body alone refuses it.
    package mutating func bodyAccepted(_ use: BodyUse) throws(HTTPParseError) -> Bool {
        become(.readingBody, from: .judging)
        bodyUse = use
        hasAwaitedKeys = false
        return try expectsContinue()
    }

    /// The token of the head needs keys that are being read. `rest` are the bytes after the head.
    ///
    /// - Precondition: `mayAwaitKeys`.
    package mutating func keysNeeded(rest: Span<UInt8>) {
        precondition(mayAwaitKeys, "a request waits for keys once")
        hasAwaitedKeys = true
        pause(.awaitingKeys, rest)
    }

    /// The keys were read, or the wait for them has ended. Returns the head to decide about again, and the bytes after
    /// it.
    package mutating func keysRead() -> (head: RequestHead, rest: [UInt8]) {
        become(.judging, from: .awaitingKeys)
        guard let head else { preconditionFailure("a request without a head") }
        return (head, takeLeftover())
    }

    /// The head announces an upload of at most `byteCountMax` bytes, which must be admitted first.
    package mutating func uploadAnnounced(byteCountMax: Int, rest: Span<UInt8>) {
        parser.setBodyBytesMax(byteCountMax)
        hasAwaitedKeys = false
        pause(.admittingUpload, rest)
    }

    /// The upload was admitted. As `bodyAccepted`.
    package mutating func uploadAdmitted(at now: MonotonicInstant) throws(HTTPParseError) -> Bool {
        become(.readingBody, from: .admittingUpload)
        bodyUse = .upload
        arrival = ProgressWatch(at: now)
        return try expectsContinue()
    }

    /// Bytes of an upload arrived.
    package mutating func uploadReceived(byteCount: Int, at now: MonotonicInstant) {
        arrival?.moved(byteCount: byteCount, at: now)
    }

    /// The piece of an upload was written, which took `duration`. The client is not charged for a slow disk.
    package mutating func pieceStored(after duration: Duration) {
        become(.readingBody, from: .storingPiece)
        arrival?.waitedForUs(duration)
    }

    /// The request that is complete: its head, and its body unless an upload took it.
    package mutating func takeRequest() -> (head: RequestHead, body: [UInt8]) {
        guard let head, state == .handling else { preconditionFailure("a request ended that did not begin") }
        defer { forgetRequest() }
        return (head, body)
    }

    /// Bytes that arrived after the request, or while nothing was received.
    package mutating func takeLeftover() -> [UInt8] {
        defer { leftover = [] }
        return leftover
    }

    /// An empty step checks the length of the body, without any of its bytes.
    private mutating func expectsContinue() throws(HTTPParseError) -> Bool {
        guard let head, head.expectsContinue, head.body != .none else { return false }
        var none = 0
        let empty: [UInt8] = []
        _ = try parser.next(empty.span, consumed: &none)
        awaitsContinue = false
        return true
    }

    private mutating func pause(_ next: State, _ rest: Span<UInt8>) {
        become(next)
        leftover = []
        leftover.append(contentsOf: rest)
        timerChange = .cancel
    }

    mutating func forgetRequest() {
        head = nil
        body = []
        bodyUse = .drop
        arrival = nil
    }
}
