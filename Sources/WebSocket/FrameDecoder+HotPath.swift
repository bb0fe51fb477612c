import Primitives

extension FrameDecoder {
    /// The next event, or nil when all bytes of `buffer` are consumed.
    ///
    /// - Parameters:
    ///   - buffer: Bytes as they arrived. Payloads are unmasked in place; ranges in events are ranges of it.
    ///   - offset: Where the unconsumed bytes begin: 0 for a new buffer; moved past the bytes of the event.
    /// - Throws: How the peer broke the protocol; every later call throws the same error.
    /// - Complexity: O(bytes consumed). Allocates only for the payload of a control frame that arrives in pieces.
    public mutating func nextEvent(
        in buffer: inout MutableSpan<UInt8>, at offset: inout Int
    ) throws(WebSocketError) -> FrameEvent? {
        do throws(WebSocketError) {
            return try step(&buffer, &offset)
        } catch {
            fail(error)
            throw error
        }
    }

    private mutating func step(
        _ buffer: inout MutableSpan<UInt8>, _ offset: inout Int
    ) throws(WebSocketError) -> FrameEvent? {
        while true {
            switch phase {
            case .header(let partial):
                guard let header = try header(after: partial, in: buffer.span, at: &offset) else { return nil }
                frameCount &+= 1
                if let event = try frameBegan(header) { return event }
            case .data(let frame):
                if frame.remainingByteCount > 0 {
                    return try payload(of: frame, in: &buffer, at: &offset)
                }
                phase = .header(PartialHeader())
                if frame.isFinal { return try messageEnded() }
            case .control(let frame):
                return try controlFrame(frame, in: &buffer, at: &offset)
            case .closed:
                offset = buffer.count
                return nil
            case .failed(let error):
                throw error
            }
        }
    }

    /// The header of the next frame, or nil when the buffer ends within it.
    private mutating func header(
        after partial: PartialHeader, in buffer: Span<UInt8>, at offset: inout Int
    ) throws(WebSocketError) -> FrameHeader? {
        guard partial.byteCount == 0 else {
            return try splitHeader(after: partial, in: buffer, at: &offset)
        }
        let available = buffer.extracting(offset..<buffer.count)
        if let header = try FrameHeader.parse(available, endpoint: endpoint) {
            offset += header.byteCount
            return header
        }
        // Fewer than 14 bytes are left: 14 would have sufficed for any header.
        var partial = partial
        for index in available.indices { partial.bytes[index] = available[index] }
        partial.byteCount = UInt8(available.count)
        phase = .header(partial)
        offset = buffer.count
        return nil
    }

    /// The same for a header that began in an earlier buffer. Takes single bytes, so that it takes none past the
    /// header.
    @inline(never)
    private mutating func splitHeader(
        after partial: PartialHeader, in buffer: Span<UInt8>, at offset: inout Int
    ) throws(WebSocketError) -> FrameHeader? {
        var bytes = InlineArray<14, UInt8>(repeating: 0)
        var byteCount = Int(partial.byteCount)
        for index in 0..<byteCount { bytes[index] = partial.bytes[index] }
        while offset < buffer.count {
            bytes[byteCount] = buffer[offset]
            byteCount += 1
            offset += 1
            if let header = try FrameHeader.parse(bytes.span.extracting(0..<byteCount), endpoint: endpoint) {
                return header
            }
        }
        var partial = PartialHeader()
        for index in 0..<byteCount { partial.bytes[index] = bytes[index] }
        partial.byteCount = UInt8(byteCount)
        phase = .header(partial)
        return nil
    }

    /// Checks a header against the frames before it and enters the phase of its payload.
    private mutating func frameBegan(_ header: FrameHeader) throws(WebSocketError) -> FrameEvent? {
        let startedKind: MessageKind?
        switch header.opcode {
        case .close, .ping, .pong:
            let byteCount = UInt8(header.payloadByteCount)
            phase = .control(
                ControlFrame(remainingByteCount: byteCount, maskKey: header.maskKey, opcode: header.opcode)
            )
            return nil
        case .continuation:
            guard messageKind != nil else { throw .continuationWithoutStart }
            startedKind = nil
        case .text:
            startedKind = .text
        case .binary:
            startedKind = .binary
        }
        if let startedKind {
            guard messageKind == nil else { throw .messageInterrupted }
            messageKind = startedKind
        }
        guard header.payloadByteCount <= UInt64(messageByteCountMax - messageByteCount) else { throw .messageTooBig }
        messageByteCount += UInt32(header.payloadByteCount)
        phase = .data(
            DataFrame(
                remainingByteCount: header.payloadByteCount, maskKey: header.maskKey, isFinal: header.isFinal
            )
        )
        return startedKind.map { .messageBegan($0) }
    }

    /// Consumes the part of a data frame's payload that the buffer holds.
    private mutating func payload(
        of frame: DataFrame, in buffer: inout MutableSpan<UInt8>, at offset: inout Int
    ) throws(WebSocketError) -> FrameEvent? {
        let byteCount = Int(min(frame.remainingByteCount, UInt64(buffer.count - offset)))
        guard byteCount > 0 else { return nil }
        let range = offset..<offset + byteCount
        var frame = frame
        unmask(&buffer, in: range, with: &frame.maskKey)
        switch messageKind {
        case .text:
            guard textValidator.accept(buffer.span.extracting(range)) else { throw .textNotUTF8 }
        case .binary, nil:
            break
        }
        frame.remainingByteCount -= UInt64(byteCount)
        phase = .data(frame)
        offset = range.upperBound
        return .payload(range)
    }

    private mutating func messageEnded() throws(WebSocketError) -> FrameEvent {
        guard textValidator.isComplete else { throw .textNotUTF8 }
        messageKind = nil
        messageByteCount = 0
        return .messageEnded
    }

    /// Consumes a control frame. Returns its event once it is complete; until then the bytes are gathered.
    private mutating func controlFrame(
        _ frame: ControlFrame, in buffer: inout MutableSpan<UInt8>, at offset: inout Int
    ) throws(WebSocketError) -> FrameEvent? {
        let byteCount = min(Int(frame.remainingByteCount), buffer.count - offset)
        let range = offset..<offset + byteCount
        var frame = frame
        unmask(&buffer, in: range, with: &frame.maskKey)
        frame.remainingByteCount -= UInt8(byteCount)
        offset = range.upperBound
        guard frame.remainingByteCount == 0, gatheredPayload.isEmpty else {
            return try splitControlFrame(frame, in: buffer.span, range: range)
        }
        return try controlFrameEnded(frame.opcode, .inBuffer(range), buffer.span)
    }

    @inline(never)
    private mutating func splitControlFrame(
        _ frame: ControlFrame, in buffer: Span<UInt8>, range: Range<Int>
    ) throws(WebSocketError) -> FrameEvent? {
        gatheredPayload.reserveCapacity(gatheredPayload.count + range.count + Int(frame.remainingByteCount))
        gatheredPayload.append(contentsOf: buffer.extracting(range))
        guard frame.remainingByteCount == 0 else {
            phase = .control(frame)
            return nil
        }
        let payload = ControlPayload.gathered(gatheredPayload)
        gatheredPayload = []
        return try controlFrameEnded(frame.opcode, payload, buffer)
    }

    private mutating func controlFrameEnded(
        _ opcode: Opcode, _ payload: ControlPayload, _ buffer: Span<UInt8>
    ) throws(WebSocketError) -> FrameEvent {
        phase = .header(PartialHeader())
        switch opcode {
        case .ping:
            return .ping(payload)
        case .pong:
            return .pong(payload)
        case .close:
            let event = try ClosePayload.event(of: payload, in: buffer)
            phase = .closed
            return event
        case .continuation, .text, .binary:
            preconditionFailure("a data frame is in no control phase")
        }
    }

    private func unmask(_ buffer: inout MutableSpan<UInt8>, in range: Range<Int>, with key: inout MaskKey) {
        switch endpoint {
        case .server: key.apply(to: &buffer, in: range)
        case .client: break
        }
    }

    @inline(never)
    private mutating func fail(_ error: WebSocketError) {
        phase = .failed(error)
        gatheredPayload = []
    }
}
