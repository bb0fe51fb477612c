import Glibc
import Primitives

// The kernel's part: what an operation does when it is submitted, and what a pending one does when it is ready.

extension VirtualDriver {
    private var faults: VirtualFaults { network.faults }

    // MARK: - At submit

    /// Executes what can be done at once, and keeps the rest pending.
    func execute(_ operation: VirtualOperation) {
        switch operation.kind {
        case .accept: pending.append(operation)
        case .connect(_, let source): connectBegan(operation, from: source)
        case .cancel(let target): cancelled(target, by: operation.tag)
        case .wake(let other, let remoteTag): wake(other, remoteTag, operation.tag)
        case .pollDescriptor: post(Completion(tag: operation.tag, result: -EBADF))
        case .close:
            post(Completion(tag: operation.tag, result: closed(slot: operation.slot)))
        case .receive, .send, .trySend, .pollWritable, .shutdown, .transfer, .requestPeerAddress:
            guard let socket = sockets[Int(operation.slot)] else {
                post(Completion(tag: operation.tag, result: -EBADF))
                return
            }
            execute(operation, on: socket)
        }
    }

    private func execute(_ operation: VirtualOperation, on socket: VirtualSocket) {
        switch operation.kind {
        case .trySend(let bytes, let isInGroup):
            // SAFETY: a `trySend` is done within `submit`, and the caller keeps the bytes until that returns; see
            // `Driver`.
            if let result = unsafe trySendResult(bytes, isInGroup: isInGroup, on: socket) {
                post(Completion(tag: operation.tag, result: result))
            }
        case .shutdown(let isBothDirections):
            var result: Int32 = 0
            if socket.isReset { result = -ENOTCONN }
            socket.isSendingEnded = true
            if isBothDirections { socket.isReceivingEnded = true }
            post(Completion(tag: operation.tag, result: result))
        case .transfer(let other, let remoteTag):
            post(Completion(tag: operation.tag, result: transferred(socket, to: other, remoteTag: remoteTag)))
        case .requestPeerAddress:
            if socket.isReset {
                post(Completion(tag: operation.tag, result: -ENOTCONN))
            } else {
                rememberPeerAddress(slot: operation.slot, socket.address)
                post(Completion(tag: operation.tag, result: 0))
            }
        case .receive, .send, .pollWritable:
            var operation = operation
            socket.hold()
            operation.socket = socket
            pending.append(operation)
        case .accept, .connect, .cancel, .wake, .close, .pollDescriptor:
            preconditionFailure("these are no operations on a connection")
        }
    }

    /// Sends as much as there is room for; nil when there is nothing to report.
    private func trySendResult(_ bytes: UnsafeRawBufferPointer, isInGroup: Bool, on socket: VirtualSocket) -> Int32? {
        injectReset(socket)
        if let failure = sendFailure(socket) { return failure }
        var roomByteCount = socket.roomByteCount
        if network.chance(perMille: faults.shortSendPerMille) {
            roomByteCount = Int.random(in: 0...min(roomByteCount, bytes.count), using: &network.random)
        }
        let byteCount = min(roomByteCount, bytes.count)
        if byteCount == 0, unsafe !bytes.isEmpty { return -EAGAIN }
        unsafe socket.append(UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
        let isWhole = byteCount == bytes.count
        return isInGroup && isWhole ? nil : Int32(byteCount)
    }

    private func sendFailure(_ socket: VirtualSocket) -> Int32? {
        if socket.isReset {
            if socket.isResetReported { return -EPIPE }
            socket.isResetReported = true
            return -ECONNRESET
        }
        return socket.isSendingEnded ? -EPIPE : nil
    }

    private func wake(_ other: Address, _ remoteTag: CompletionTag, _ tag: CompletionTag) {
        if let target = network.driver(other), !network.chance(perMille: faults.wakeFailurePerMille) {
            target.post(Completion(tag: remoteTag, result: 0))
        } else {
            post(Completion(tag: tag, result: network.driver(other) == nil ? -EBADFD : -EOVERFLOW))
        }
    }

    /// Frees the slot, and returns the result of the close.
    func closed(slot: UInt32) -> Int32 {
        guard let socket = sockets[Int(slot)] else { return -EBADF }
        sockets[Int(slot)] = nil
        socket.release()
        return 0
    }

    private func transferred(_ socket: VirtualSocket, to other: Address, remoteTag: CompletionTag) -> Int32 {
        guard let target = network.driver(other) else { return -EBADFD }
        guard !network.chance(perMille: faults.transferFailurePerMille), let slot = target.freeSlot() else {
            return -ENFILE
        }
        socket.hold()
        target.sockets[slot] = socket
        guard !network.chance(perMille: faults.transferOverflowPerMille) else { return -EOVERFLOW }
        target.post(Completion(tag: remoteTag, result: Int32(slot)))
        return 0
    }

    private func cancelled(_ target: CompletionTag, by tag: CompletionTag) {
        let operations = pending.filter { $0.tag == target }
        pending.removeAll { $0.tag == target }
        for operation in operations {
            operation.socket?.release()
            post(Completion(tag: target, result: -ECANCELED))
        }
        post(Completion(tag: tag, result: Int32(operations.count)))
    }

    /// The lowest free slot of the kernel's part: a closed slot is reused as soon as possible.
    func freeSlot() -> Int? { sockets[outgoingCount...].firstIndex { $0 == nil } }

    // MARK: - Later

    /// Whether a pending operation can progress.
    func isReady(_ operation: VirtualOperation) -> Bool {
        switch operation.kind {
        case .accept(let listener, _):
            return network.listener(listener)?.backlog.isEmpty == false
        case .connect(let address, _):
            // As in the kernel: a full queue does not answer, and the client retries.
            let listeners = network.listeners(at: address)
            return listeners.isEmpty || listeners.contains { $0.hasRoom }
        case .receive:
            guard let socket = operation.socket else { return false }
            return !socket.incoming.isEmpty || socket.isPeerEnded || socket.isReceivingEnded || socket.isReset
        case .send:
            guard let socket = operation.socket else { return false }
            return socket.roomByteCount > 0 || socket.isReset || socket.isSendingEnded
        case .pollWritable:
            return operation.socket?.isWritable ?? false
        case .trySend, .shutdown, .cancel, .close, .transfer, .wake, .requestPeerAddress, .pollDescriptor:
            return false
        }
    }

    /// Lets pending operations progress, in an order that chance may shuffle.
    func progress() {
        guard pending.contains(where: { isReady($0) }) else { return }
        network.activityHappened()
        var operations = pending
        pending.removeAll(keepingCapacity: true)
        if faults.delayPerMille > 0 { operations.shuffle(using: &network.random) }
        for operation in operations {
            guard isReady(operation), !network.chance(perMille: faults.delayPerMille) else {
                pending.append(operation)
                continue
            }
            if let rest = advanced(operation) {
                pending.append(rest)
            } else {
                operation.socket?.release()
            }
        }
    }

    /// Executes a ready operation, and returns its rest, or nil when it has ended.
    private func advanced(_ operation: VirtualOperation) -> VirtualOperation? {
        switch operation.kind {
        case .accept(let listener, let isMultishot):
            return accepted(operation, isMultishot: isMultishot, network.listener(listener))
        case .connect(let address, _):
            guard let socket = operation.socket else { return nil }
            post(Completion(tag: operation.tag, result: connected(socket, to: address)))
            return nil
        case .receive(let isMultishot):
            guard let socket = operation.socket else { return nil }
            return received(operation, isMultishot: isMultishot, socket)
        case .send(let bytes, let sentByteCount):
            guard let socket = operation.socket else { return nil }
            return unsafe sent(operation, bytes, sentByteCount, socket)
        case .pollWritable:
            post(Completion(tag: operation.tag, result: Int32(POLLOUT)))
            return nil
        case .trySend, .shutdown, .cancel, .close, .transfer, .wake, .requestPeerAddress, .pollDescriptor:
            preconditionFailure("these never wait")
        }
    }

    private func accepted(
        _ operation: VirtualOperation, isMultishot: Bool, _ listener: VirtualListener?
    ) -> VirtualOperation? {
        while let listener, !listener.backlog.isEmpty {
            let socket = listener.backlog.removeFirst()
            guard !network.chance(perMille: faults.acceptFailurePerMille), let slot = freeSlot() else {
                // As in the kernel: a full table ends the accept and drops the client.
                socket.reset()
                socket.release()
                post(Completion(tag: operation.tag, result: -ENFILE))
                return nil
            }
            sockets[slot] = socket
            let isOver = !isMultishot || network.chance(perMille: faults.multishotEndPerMille)
            post(Completion(tag: operation.tag, result: Int32(slot), flags: isOver ? 0 : Completion.moreFlag))
            if isOver { return nil }
        }
        return operation
    }

    private func received(
        _ operation: VirtualOperation, isMultishot: Bool, _ socket: VirtualSocket
    ) -> VirtualOperation? {
        injectReset(socket)
        while isReady(operation) {
            if socket.isReset {
                post(Completion(tag: operation.tag, result: socket.isResetReported ? 0 : -ECONNRESET))
                socket.isResetReported = true
                return nil
            }
            guard !socket.incoming.isEmpty else {
                post(Completion(tag: operation.tag, result: 0))
                return nil
            }
            let isShort = network.chance(perMille: faults.shortReceivePerMille)
            let byteCountMax =
                isShort ? Int.random(in: 1...socket.incoming.count, using: &network.random) : socket.incoming.count
            guard !network.chance(perMille: faults.bufferShortagePerMille),
                let buffer = fillBuffer(from: socket, byteCountMax: byteCountMax)
            else {
                post(Completion(tag: operation.tag, result: -ENOBUFS))
                return nil
            }
            let goesOn = isMultishot && !network.chance(perMille: faults.multishotEndPerMille)
            let flags = UInt32(buffer.index) << 16 | Completion.bufferFlag | (goesOn ? Completion.moreFlag : 0)
            post(Completion(tag: operation.tag, result: Int32(buffer.byteCount), flags: flags))
            if !goesOn { return nil }
        }
        return operation
    }

    private func sent(
        _ operation: VirtualOperation, _ bytes: UnsafeRawBufferPointer, _ sentByteCount: Int, _ socket: VirtualSocket
    ) -> VirtualOperation? {
        injectReset(socket)
        if let failure = sendFailure(socket) {
            post(Completion(tag: operation.tag, result: sentByteCount > 0 ? Int32(sentByteCount) : failure))
            return nil
        }
        let byteCount = min(socket.roomByteCount, bytes.count - sentByteCount)
        // SAFETY: the caller keeps the bytes until the final completion, which is not posted yet.
        unsafe socket.append(UnsafeRawBufferPointer(rebasing: bytes[sentByteCount..<sentByteCount + byteCount]))
        let total = sentByteCount + byteCount
        if total == bytes.count {
            post(Completion(tag: operation.tag, result: Int32(total)))
            return nil
        }
        var rest = operation
        unsafe rest.kind = .send(bytes: bytes, sentByteCount: total)
        return rest
    }

    private func injectReset(_ socket: VirtualSocket) {
        if !socket.isReset, network.chance(perMille: faults.resetPerMille) { socket.reset() }
    }
}
