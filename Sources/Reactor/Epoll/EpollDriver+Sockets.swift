import Glibc
import Primitives

// The life of sockets: accepted or connected, shut down, closed, or passed on to another driver.

extension EpollDriver {
    /// Connections that a multishot accept takes before it is the others' turn.
    private static var acceptCountMax: Int { 256 }

    // MARK: - Accepting

    /// See `Driver`.
    public func prepareListener(_ listener: Int32) { ListeningSocket.setBlocking(false, listener) }

    /// See `Driver`. Accepts with the next wait. A connection for which there is no slot stays in the listener's queue.
    public func accept(listener: Int32, isMultishot: Bool, tag: CompletionTag) {
        listeners[listener, default: Listener()].accepts.append(Accept(tag: tag, isMultishot: isMultishot))
    }

    /// See `Driver`.
    public func closeListener(_ listener: Int32) {
        // The socket may live on in another process, and would then be watched on.
        if listeners.removeValue(forKey: listener)?.isWatched == true { set.remove(listener) }
        Glibc.close(listener)
    }

    /// Watches the listeners that have accepts in flight, and no others: connections to a socket that several drivers
    /// watch must not wake one that does not accept.
    func watchListeners() {
        for (descriptor, listener) in listeners where listener.isWatched == listener.accepts.isEmpty {
            if listener.isWatched {
                set.remove(descriptor)
                listeners[descriptor]?.isWatched = false
                continue
            }
            let token = Self.token(.listener, UInt32(bitPattern: descriptor))
            let status = set.add(descriptor, for: [.readable, .exclusive], token: token)
            if status == 0 {
                listeners[descriptor]?.isWatched = true
            } else {
                endAccepts(of: descriptor, -status)
            }
        }
    }

    private func endAccepts(of listener: Int32, _ result: Int32) {
        while let accept = listeners[listener]?.accepts.popFirst() { post(accept.tag, result) }
    }

    /// Accepts what is in a listener's queue.
    func acceptAll(_ listener: Int32) {
        var count = 0
        while count < Self.acceptCountMax, let accept = listeners[listener]?.accepts.first {
            count += 1
            let result = acceptOne(listener)
            if result == -EAGAIN { return }
            if result == -EINTR || result == -ECONNABORTED { continue }
            let hasMore = accept.isMultishot && result >= 0
            if !hasMore { _ = listeners[listener]?.accepts.popFirst() }
            post(accept.tag, result, flags: hasMore ? Completion.moreFlag : 0)
        }
    }

    /// The slot of a new connection, or a negated `errno`.
    private func acceptOne(_ listener: Int32) -> Int32 {
        guard address.reserveSlot() else { return -ENFILE }
        let descriptor = SocketCalls.accept(listener)
        guard descriptor >= 0 else {
            address.releaseSlot()
            return descriptor
        }
        return begin(descriptor)
    }

    /// One of the free slots, for a socket for which one is reserved.
    private func takeSlot() -> UInt32 {
        guard let slot = freeSlots.popLast() else { preconditionFailure("no slot is free for a reservation") }
        return slot
    }

    /// The slot of a socket that was accepted, or a negated `errno`.
    private func begin(_ descriptor: Int32) -> Int32 {
        let slot = takeSlot()
        let status = watch(descriptor, slot)
        guard status == 0 else {
            Glibc.close(descriptor)
            freeSlots.append(slot)
            address.releaseSlot()
            return -status
        }
        return Int32(slot)
    }

    /// Gives a slot to a socket that others know already. One that cannot be watched, for lack of memory, is ended: the
    /// next receive says so.
    private func adopt(_ descriptor: Int32, _ slot: UInt32) {
        guard watch(descriptor, slot) != 0 else { return }
        _ = SocketCalls.shutdown(descriptor, isBothDirections: true)
        sockets[Int(slot)] = EpollSocket(descriptor: descriptor)
        sockets[Int(slot)].set([.readable, .writable, .ended])
    }

    /// Gives a slot to a socket and watches it. Returns 0, or the `errno`: then the slot has none.
    private func watch(_ descriptor: Int32, _ slot: UInt32) -> Int32 {
        sockets[Int(slot)] = EpollSocket(descriptor: descriptor)
        sockets[Int(slot)].set(.writable)
        let status = set.add(
            descriptor, for: [.readable, .writable, .peerEnded, .edge], token: Self.token(.socket, slot))
        if status != 0 { sockets[Int(slot)] = EpollSocket() }
        return status
    }

    // MARK: - Connecting

    /// See `Driver`.
    public func connect(slot: UInt32, to address: SocketAddress, from source: PeerAddress?, tag: CompletionTag) {
        let descriptor = SocketCalls.make(isIPv4: address.host.isIPv4)
        guard descriptor >= 0 else { return post(tag, descriptor) }
        sockets[Int(slot)] = EpollSocket(descriptor: descriptor)
        if let source {
            let bound = SocketCalls.bind(descriptor, to: source)
            guard bound >= 0 else { return post(tag, bound) }
        }
        let result = SocketCalls.connect(descriptor, to: address)
        guard result >= 0 || result == -EINPROGRESS else { return post(tag, result) }
        let status = watch(descriptor, slot)
        guard status == 0 else {
            Glibc.close(descriptor)
            return post(tag, -status)
        }
        guard result < 0 else { return post(tag, 0) }
        sockets[Int(slot)].waitTag = tag
        sockets[Int(slot)].clear(.writable)
        sockets[Int(slot)].set(.connecting)
    }

    /// An event says that a connect has ended, in one way or the other.
    func connectEnded(_ slot: UInt32) {
        sockets[Int(slot)].clear(.connecting)
        post(sockets[Int(slot)].waitTag, -SocketCalls.connectOutcome(sockets[Int(slot)].descriptor))
    }

    // MARK: - Ending

    /// See `Driver`.
    public func shutdown(slot: UInt32, isBothDirections: Bool, tag: CompletionTag) {
        let index = Int(slot)
        guard sockets[index].descriptor >= 0 else { return post(tag, -EBADF) }
        sendTries()
        post(tag, SocketCalls.shutdown(sockets[index].descriptor, isBothDirections: isBothDirections))
        // What is in flight ends now: it need not wait for the event.
        if isBothDirections { ready(slot, [.readable, .writable, .ended]) }
    }

    /// See `Driver`.
    public func close(slot: UInt32, tag: CompletionTag) {
        sendTries()
        let socket = sockets[Int(slot)]
        guard socket.descriptor >= 0 else { return post(tag, -EBADF) }
        // The last descriptor of a socket takes it out of the set.
        if !socket.has(.moved) { Glibc.close(socket.descriptor) }
        sockets[Int(slot)] = EpollSocket()
        if socket.has(.listed) { receivable.removeAll { $0 == slot } }
        peerAddresses[slot] = nil
        if Int(slot) >= outgoingCount {
            freeSlots.append(slot)
            address.releaseSlot()
        }
        post(tag, 0)
    }

    // MARK: - Other drivers

    /// See `Driver`. The descriptor itself moves: from here on only the other driver uses it.
    public func transfer(slot: UInt32, to address: EpollInbox, remoteTag: CompletionTag, tag: CompletionTag) {
        let descriptor = sockets[Int(slot)].descriptor
        guard descriptor >= 0 else { return post(tag, -EBADF) }
        guard address.reserveSlot() else { return post(tag, -ENFILE) }
        sendTries()
        set.remove(descriptor)
        guard address.pass(EpollInbox.Arrival(descriptor: descriptor, tag: remoteTag)) else {
            address.releaseSlot()
            adopt(descriptor, slot)
            return post(tag, -EBADFD)
        }
        sockets[Int(slot)].set(.moved)
        post(tag, 0)
    }

    /// Takes what other drivers sent.
    func takeInbox() {
        let (posted, arrivals) = address.takeAll()
        for completion in posted { completions.append(completion) }
        for arrival in arrivals {
            let slot = takeSlot()
            adopt(arrival.descriptor, slot)
            post(arrival.tag, Int32(slot))
        }
    }

    /// See `Driver`.
    public func wake(_ address: EpollInbox, remoteTag: CompletionTag) {
        guard !address.post(Completion(tag: remoteTag, result: 0)) else { return }
        post(CompletionTag(wakeOf: UInt32(bitPattern: address.waker.descriptor)), -EBADFD)
    }

    /// See `Driver`.
    public func wakeFailed(_ tag: CompletionTag) {
        EventWaker(descriptor: Int32(bitPattern: tag.wakeTarget)).wake()
    }

    // MARK: - Addresses

    /// See `Driver`.
    public func requestPeerAddress(slot: UInt32, isIPv6: Bool, tag: CompletionTag) {
        let found = SocketCalls.peerAddress(sockets[Int(slot)].descriptor)
        peerAddresses[slot] = found
        post(tag, found == nil ? -ENOTCONN : 0)
    }

    /// See `Driver`.
    public func takePeerAddress(slot: UInt32, result: Int32) -> PeerAddress? {
        let address = peerAddresses.removeValue(forKey: slot)
        return result >= 0 ? address : nil
    }
}
