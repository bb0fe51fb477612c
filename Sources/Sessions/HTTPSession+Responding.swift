internal import HTTP
package import Primitives

extension HTTPSession {
    /// A response begins: that of the handler, or a refusal before the request was complete. Its bytes follow
    /// (`responseProduced`). `closes` says that it is the last of the connection.
    package mutating func responseBegan(closes: Bool, at now: MonotonicInstant) {
        become(.responding)
        if head != nil {
            refusedBody = RefusedBody(isEndKnown: parser.skipBody(), isWithheld: awaitsContinue, at: now)
            forgetRequest()
        }
        arrival = nil
        isProducing = true
        closesAfterResponse = closes
        let progress = ProgressWatch(at: now)
        self.progress = progress
        setTimer(progress.deadline)
    }

    /// Bytes of the response exist, the last of them when it `isLast`. They may be empty.
    package mutating func responseProduced(_ bytes: [UInt8], isLast: Bool, at now: MonotonicInstant) -> Action {
        precondition(state == .responding && isProducing, "bytes of no response")
        isProducing = !isLast
        if isLast, bytes.isEmpty, output.isEmpty { return responded(now) }
        return enqueue(bytes)
    }

    /// The handler needed this long for bytes of the response: the peer waited for the server.
    package mutating func productionWaited(_ duration: Duration) { progress?.waitedForUs(duration) }

    /// Sends bytes after those that are being sent.
    package mutating func enqueue(_ bytes: [UInt8]) -> Action {
        output.append(bytes)
        return output.isInFlight ? .none : .send
    }

    /// Passes the part to `send` that is to be sent now.
    package mutating func sendNext(_ send: (ArraySlice<UInt8>) -> Void) {
        output.sendNext(byteCountMax: Limits.sendByteCountMax, send)
    }

    /// The kernel took the part.
    package mutating func sendCompleted(at now: MonotonicInstant) -> Action {
        let byteCount = output.sent()
        progress?.moved(byteCount: byteCount, at: now)
        guard output.isEmpty else { return .send }
        guard state == .responding else { return .none }
        return isProducing ? .produce : responded(now)
    }

    /// Takes the array of the bytes that were sent last, so that another response can use it; empty for a large one.
    package mutating func takeSpentBytes() -> [UInt8] { output.takeSpent() }

    private mutating func responded(_ now: MonotonicInstant) -> Action {
        progress = nil
        guard !closesAfterResponse else { return lastResponseSent(now) }
        guard !isDraining || !leftover.isEmpty else { return linger(now) }
        become(.idle)
        hasResponded = true
        setTimer(now + keepAliveWait)
        return .readNext
    }

    private mutating func lastResponseSent(_ now: MonotonicInstant) -> Action {
        guard let refusedBody, let wait = refusedBody.wait(at: now), !isDraining else { return linger(now) }
        become(.skippingBody)
        setTimer(now + wait)
        return .skipBody(shutsDownSending: !refusedBody.keepsSideOpen)
    }

    mutating func linger(_ now: MonotonicInstant) -> Action {
        become(.lingering)
        setTimer(now + Limits.lingerWait)
        return .linger
    }
}

// MARK: - Bytes that no request needs

extension HTTPSession {
    /// Bytes arrived that are not read as a request: those of a refused body, or after the last response.
    package mutating func unreadReceived(_ bytes: Span<UInt8>, at now: MonotonicInstant) -> Action {
        switch state {
        case .responding:
            skip(bytes)
            return .none
        case .skippingBody:
            return skipped(bytes, now)
        case .lingering:
            return .receive
        case .judging, .awaitingKeys, .admittingUpload, .storingPiece, .handling, .closed:
            return .none
        case .securing, .idle, .readingHead, .readingBody:
            preconditionFailure("bytes of a request are dropped")
        }
    }

    private mutating func skipped(_ bytes: Span<UInt8>, _ now: MonotonicInstant) -> Action {
        let wasSideOpen = refusedBody?.keepsSideOpen == true
        skip(bytes)
        guard let refusedBody else { return linger(now) }
        guard let wait = refusedBody.wait(at: now) else { return close() }
        setTimer(now + wait)
        return .skipBody(shutsDownSending: wasSideOpen && !refusedBody.keepsSideOpen)
    }

    /// Drops bytes of a refused body, if there is one, and forgets the body when it has ended.
    private mutating func skip(_ bytes: Span<UInt8>) {
        refusedBody?.received(byteCount: bytes.count)
        guard refusedBody?.isEndKnown == true else { return }
        var consumed = 0
        do throws(HTTPParseError) {
            while true {
                switch try parser.next(bytes, consumed: &consumed) {
                case .needMore: return
                case .head, .body: break
                case .end:
                    refusedBody = nil
                    return
                }
            }
        } catch {
            refusedBody?.isEndKnown = false
        }
    }
}

/// Bytes to send to a peer, a bounded part of them at a time, so that the peer's pace is visible.
struct OutgoingBytes {
    private var bytes: [UInt8] = []
    /// The array of bytes that were all sent, until it is taken. Of a response in pieces, at most one piece is in memory:
    /// a large array is freed.
    private var spent: [UInt8] = []
    private var sentByteCount = 0
    /// The part that is being sent; 0 when none is.
    private var partByteCount = 0

    var isEmpty: Bool { sentByteCount == bytes.count }
    /// Whether a part is being sent.
    var isInFlight: Bool { partByteCount > 0 }

    /// Appends bytes. O(bytes); takes the array over when nothing else is pending.
    mutating func append(_ more: [UInt8]) {
        if bytes.isEmpty { bytes = more } else { bytes += more }
    }

    /// Passes the part that is to be sent now to `send`.
    mutating func sendNext(byteCountMax: Int, _ send: (ArraySlice<UInt8>) -> Void) {
        partByteCount = min(bytes.count - sentByteCount, byteCountMax)
        send(bytes[sentByteCount..<sentByteCount + partByteCount])
    }

    /// The part was sent; returns its byte count.
    mutating func sent() -> Int {
        defer { partByteCount = 0 }
        sentByteCount += partByteCount
        if isEmpty {
            spent = bytes.capacity <= Limits.spentByteCountMax ? bytes : []
            (bytes, sentByteCount) = ([], 0)
        }
        return partByteCount
    }

    /// Takes the array of the bytes that were sent last; empty when there is none.
    mutating func takeSpent() -> [UInt8] {
        defer { spent = [] }
        return spent
    }
}
