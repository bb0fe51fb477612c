import Hub
import Primitives

/// What one subscriber is owed, as a server with a queue for each client would keep it.
struct NaiveClient {
    struct Own {
        var kind: ControlFrameKind?
        var bytes: ArraySlice<UInt8>
        /// A part of the send in flight: a pong must not replace it.
        var isOffered = false
    }

    enum UnderWay {
        case own(offered: Int)
        case messages(offered: Int, isGroup: Bool)
    }

    let shop: ShopID
    let encoding: StreamEncoding
    /// The answer to the handshake, the rest of a frame after the end, control frames.
    var own: [Own] = []
    /// Messages that are not wholly sent, the first of them perhaps in part.
    var messages: [[UInt8]] = []
    var sentOfFirst = 0
    var pongByteCount = 0
    /// The messages that the close frame waits for; nil when it waits for none.
    var closeAfterCount: Int?
    /// It left its shop for its close frame, which the hub notices with the next flush.
    var mayStillCount = false
    var isAttached = true
    var isClosing = false
    var isBlocked = false
    var isEnded = false
    var inFlight: UnderWay?

    var isInGroupSend: Bool {
        if case .messages(_, isGroup: true) = inFlight { true } else { false }
    }

    /// What goes out before messages: all but a close frame that waits for some.
    private var dueOwn: ArraySlice<Own> { closeAfterCount == nil ? own[...] : own.dropLast() }

    /// The bytes that may go out next.
    func nextBytes(isGroup: Bool) -> [UInt8] {
        if isGroup { return Array(messages.joined()) }
        if dueOwn.isEmpty {
            return Array(messages.prefix(closeAfterCount ?? .max).joined().dropFirst(sentOfFirst))
        }
        if sentOfFirst > 0 { return Array(messages[0][sentOfFirst...]) }
        return dueOwn.flatMap(\.bytes)
    }

    mutating func offer(byteCount: Int, isGroup: Bool) {
        if isGroup || dueOwn.isEmpty || sentOfFirst > 0 {
            inFlight = .messages(offered: byteCount, isGroup: isGroup)
            return
        }
        inFlight = .own(offered: byteCount)
        var left = byteCount
        for index in own.indices where left > 0 {
            own[index].isOffered = true
            left -= own[index].bytes.count
        }
    }

    /// The send in flight ended with so many bytes. Returns what the hub has to answer.
    mutating func complete(sent: Int) -> SendFollowUp {
        guard let inFlight else { return .none }
        self.inFlight = nil
        let isWhole: Bool
        switch inFlight {
        case .own(let offered):
            isWhole = sent == offered
            consumeOwn(sent)
        case .messages(let offered, _):
            isWhole = sent == offered
            consumeMessages(sent)
        }
        if isClosing, (closeAfterCount ?? 0) == 0 {
            if closeAfterCount != nil, case .messages(_, isGroup: true) = inFlight { mayStillCount = true }
            detach()
        }
        if own.isEmpty { pongByteCount = 0 }
        if isClosing, own.isEmpty {
            isEnded = true
            return .closeFrameSent
        }
        isBlocked = !isWhole
        return isBlocked ? .pollWritable : .none
    }

    mutating func enqueue(_ kind: ControlFrameKind, _ bytes: [UInt8], pongByteCountMax: Int) -> Bool {
        if isClosing || isEnded { return false }
        switch kind {
        case .ping:
            if own.contains(where: { $0.kind == .ping }) { return false }
        case .pong:
            // What is begun is no longer whole; what is offered may be sent already.
            if pongByteCount + bytes.count > pongByteCountMax {
                guard let last = own.lastIndex(where: { $0.kind == .pong }) else { return false }
                if own[last].isOffered || own[last].isBegun { return false }
                pongByteCount -= own[last].bytes.count
                own.remove(at: last)
            }
            pongByteCount += bytes.count
        case .close:
            isClosing = true
        case .closeAfterMessages:
            isClosing = true
            if isAttached { closeAfterCount = messages.count }
        }
        own.append(Own(kind: kind, bytes: bytes[...]))
        if kind == .close, inFlight == nil { detach() }
        if kind == .closeAfterMessages, inFlight == nil, closeAfterCount == 0 {
            mayStillCount = true
            detach()
        }
        return true
    }

    /// Off the log: only the rest of the frame that is begun is still owed.
    mutating func detach() {
        guard isAttached else { return }
        isAttached = false
        closeAfterCount = nil
        if sentOfFirst > 0 { own.insert(Own(kind: nil, bytes: messages[0][sentOfFirst...]), at: 0) }
        messages = []
        sentOfFirst = 0
    }

    /// Whether the client is a slow consumer, with a further frame of `incoming` bytes or none.
    func isSlow(_ limits: HubLimits, incoming: Int?) -> Bool {
        guard isBlocked, isAttached, messages.count + (incoming == nil ? 0 : 1) >= 2 else { return false }
        let count = messages.count + (incoming == nil ? 0 : 1)
        let byteCount = messages.reduce(0) { $0 + $1.count } + (incoming ?? 0)
        return count > limits.waitingMessageCountMax || byteCount > limits.waitingByteCountMax
    }

    private mutating func consumeOwn(_ byteCount: Int) {
        var left = byteCount
        for index in own.indices { own[index].isOffered = false }
        while left > 0 {
            let taken = min(left, own[0].bytes.count)
            own[0].bytes.removeFirst(taken)
            left -= taken
            if own[0].bytes.isEmpty { own.removeFirst() }
        }
    }

    private mutating func consumeMessages(_ byteCount: Int) {
        sentOfFirst += byteCount
        while let first = messages.first, sentOfFirst >= first.count {
            sentOfFirst -= first.count
            messages.removeFirst()
            closeAfterCount = closeAfterCount.map { $0 - 1 }
        }
    }
}

extension NaiveClient.Own {
    /// Whether a part of it is sent.
    var isBegun: Bool { bytes.startIndex > 0 }
}
