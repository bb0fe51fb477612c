import Glibc
import Primitives

/// The driver of simulations: it plays the kernel's part in memory, with chance from a seed, on a virtual clock.
///
/// It keeps the promises of `UringDriver` and no others: operations take effect at `submit`, in their order; sends in a
/// group report only when short; a closed slot is free at once, but a socket ends only when no operation holds it;
/// multishot operations end without `hasMore` when buffers or descriptors run out. `VirtualFaults` lists what chance
/// adds.
@safe public final class VirtualDriver: Driver {
    /// Identifies a driver of the same network.
    public struct Address: Sendable, Hashable {
        let index: Int
    }

    let network: VirtualNetwork
    /// See `Driver`.
    public let waker = VirtualWaker()
    /// See `Driver`.
    public private(set) var address: Address
    /// See `Driver`.
    public let descriptorCountMax: Int

    /// Operations that the next `submit` executes.
    private(set) var queued: [VirtualOperation] = []
    private let submissionCountMax: Int
    /// Operations in flight.
    var pending: [VirtualOperation] = []
    /// Completions that wait for `drain`, from `postedIndex` on.
    private var posted: [Completion] = []
    private var postedIndex = 0
    /// `freeSlot` does not return slots below this.
    let outgoingCount: Int
    /// The table of direct descriptors.
    var sockets: [VirtualSocket?]
    private var peerAddresses: [UInt32: PeerAddress] = [:]
    /// Makes `shutDown` report that operations may still be in flight, as with a kernel that cannot cancel them.
    var outlivesShutDown = false
    /// The deadline of the last wait; nil when it had none.
    private(set) var waitDeadline: MonotonicInstant?

    private let buffers: UnsafeMutablePointer<UInt8>
    private let bufferByteCount: Int
    var freeBuffers: [UInt16]
    private var isBufferTaken: [Bool]

    /// A driver of `network` with the descriptors, submission entries and receive buffers that `limits` allows.
    public init(network: VirtualNetwork, limits: ReactorLimits) {
        self.network = network
        descriptorCountMax = limits.descriptorCountMax
        submissionCountMax = limits.submissionCountMax
        outgoingCount = limits.outgoingConnectionCountMax
        sockets = Array(repeating: nil, count: limits.descriptorCountMax)
        bufferByteCount = limits.receiveBufferByteCount
        let byteCount = limits.receiveBufferCount * limits.receiveBufferByteCount
        unsafe buffers = .allocate(capacity: byteCount)
        unsafe buffers.initialize(repeating: 0, count: byteCount)
        freeBuffers = (0..<UInt16(limits.receiveBufferCount)).reversed()
        isBufferTaken = Array(repeating: false, count: limits.receiveBufferCount)
        address = Address(index: 0)
        address = network.join(self)
    }

    deinit { unsafe buffers.deallocate() }

    /// See `Driver`: the network's clock.
    public var now: MonotonicInstant { network.now }

    /// The number of operations in flight or queued, for tests that check for leaks.
    public var pendingOperationCount: Int { pending.count + queued.count }
    /// Direct descriptors in use.
    public var usedDescriptorCount: Int { sockets.count { $0 != nil } }
    /// Receive buffers that completions own.
    public var takenBufferCount: Int { isBufferTaken.count { $0 } }

    // MARK: - Operations

    /// See `Driver`.
    public func prepareListener(_ listener: Int32) {}

    /// See `Driver`.
    public func accept(listener: Int32, isMultishot: Bool, tag: CompletionTag) {
        queue(VirtualOperation(.accept(listener: listener, isMultishot: isMultishot), slot: 0, tag: tag))
    }

    /// See `Driver`.
    public func closeListener(_ listener: Int32) { network.closeListener(listener) }

    /// See `Driver`: to a listener of the same network.
    public func connect(slot: UInt32, to address: SocketAddress, from source: PeerAddress?, tag: CompletionTag) {
        queue(VirtualOperation(.connect(to: address, from: source), slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func receive(slot: UInt32, isMultishot: Bool, tag: CompletionTag) {
        queue(VirtualOperation(.receive(isMultishot: isMultishot), slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func send(slot: UInt32, bytes: UnsafeRawBufferPointer, tag: CompletionTag) {
        unsafe queue(VirtualOperation(.send(bytes: bytes, sentByteCount: 0), slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func trySend(slot: UInt32, bytes: UnsafeRawBufferPointer, isInGroup: Bool, tag: CompletionTag) {
        unsafe queue(VirtualOperation(.trySend(bytes: bytes, isInGroup: isInGroup), slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func pollWritable(slot: UInt32, tag: CompletionTag) {
        queue(VirtualOperation(.pollWritable, slot: slot, tag: tag))
    }

    /// See `Driver`: fails with `EBADF`, because the simulation has no ordinary descriptors.
    public func pollDescriptor(_ descriptor: Int32, isForWriting: Bool, tag: CompletionTag) {
        queue(VirtualOperation(.pollDescriptor, slot: 0, tag: tag))
    }

    /// See `Driver`.
    public func shutdown(slot: UInt32, isBothDirections: Bool, tag: CompletionTag) {
        queue(VirtualOperation(.shutdown(isBothDirections: isBothDirections), slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func cancel(target: CompletionTag, tag: CompletionTag) {
        queue(VirtualOperation(.cancel(target: target), slot: 0, tag: tag))
    }

    /// See `Driver`.
    public func close(slot: UInt32, tag: CompletionTag) {
        queue(VirtualOperation(.close, slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func transfer(slot: UInt32, to address: Address, remoteTag: CompletionTag, tag: CompletionTag) {
        queue(VirtualOperation(.transfer(to: address, remoteTag: remoteTag), slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func wake(_ address: Address, remoteTag: CompletionTag) {
        queue(
            VirtualOperation(
                .wake(address, remoteTag: remoteTag), slot: 0, tag: CompletionTag(wakeOf: UInt32(address.index))))
    }

    /// See `Driver`.
    public func wakeFailed(_ tag: CompletionTag) {
        network.driver(Address(index: Int(tag.wakeTarget)))?.waker.wake()
    }

    /// See `Driver`.
    public func requestPeerAddress(slot: UInt32, isIPv6: Bool, tag: CompletionTag) {
        queue(VirtualOperation(.requestPeerAddress, slot: slot, tag: tag))
    }

    /// See `Driver`.
    public func takePeerAddress(slot: UInt32, result: Int32) -> PeerAddress? {
        peerAddresses.removeValue(forKey: slot)
    }

    /// Submits the queue when it is full, as with the ring.
    private func queue(_ operation: VirtualOperation) {
        if queued.count == submissionCountMax { submit() }
        queued.append(operation)
    }

    // MARK: - Entering the kernel

    /// See `Driver`.
    public func submit() {
        let batch = queued
        queued.removeAll(keepingCapacity: true)
        if !batch.isEmpty { network.activityHappened() }
        // Kernels before 6.14 post the completions of a batch after those of multishot operations that ran in it: a
        // slot may be reassigned before the completion of its close arrives.
        let isCloseLate = network.chance(perMille: network.faults.delayPerMille)
        var lateCompletions: [Completion] = []
        for operation in batch {
            if case .close = operation.kind, isCloseLate {
                lateCompletions.append(Completion(tag: operation.tag, result: closed(slot: operation.slot)))
            } else {
                execute(operation)
            }
        }
        progress()
        for completion in lateCompletions { post(completion) }
    }

    /// See `Driver`. With nothing to do the clock advances instead, see `VirtualNetwork.advancesWhenIdle`.
    public func submitAndWait(until deadline: MonotonicInstant?) {
        submit()
        progress()
        if waker.take() { post(Completion(tag: CompletionTag(.wakeRead), result: 8)) }
        let isWaiting = deadline.map { $0 > network.now } ?? true
        guard isWaiting, postedIndex == posted.count else {
            network.activityHappened()
            return
        }
        waitDeadline = deadline
        network.waitBegan(self)
    }

    /// Whether a wait would end at once.
    var isBusy: Bool {
        waker.isWaiting || !queued.isEmpty || postedIndex < posted.count || pending.contains { isReady($0) }
    }

    /// See `Driver`.
    public func drain(into buffer: UnsafeMutableBufferPointer<Completion>) -> Int {
        let count = min(buffer.count, posted.count - postedIndex)
        for index in 0..<count { unsafe buffer[index] = posted[postedIndex + index] }
        postedIndex += count
        if postedIndex == posted.count {
            posted.removeAll(keepingCapacity: true)
            postedIndex = 0
        }
        return count
    }

    func post(_ completion: Completion) { posted.append(completion) }

    func rememberPeerAddress(slot: UInt32, _ address: PeerAddress) { peerAddresses[slot] = address }

    // MARK: - Receive buffers

    /// Takes a buffer and fills it with the socket's first bytes, at most `byteCountMax`; nil when no buffer is left.
    func fillBuffer(from socket: VirtualSocket, byteCountMax: Int) -> (index: UInt16, byteCount: Int)? {
        guard let index = freeBuffers.popLast() else { return nil }
        isBufferTaken[Int(index)] = true
        let byteCount = min(byteCountMax, bufferByteCount, socket.incoming.count)
        let buffer = unsafe receivedBytes(bufferIndex: index, byteCount: byteCount)
        unsafe _ = buffer.update(fromContentsOf: socket.incoming.prefix(byteCount))
        socket.incoming.removeFirst(byteCount)
        return (index, byteCount)
    }

    /// See `Driver`.
    public func receivedBytes(bufferIndex: UInt16, byteCount: Int) -> UnsafeMutableBufferPointer<UInt8> {
        precondition(isBufferTaken[Int(bufferIndex)], "a buffer is read that no completion owns")
        precondition(byteCount <= bufferByteCount)
        // SAFETY: the index was checked by the look-up above, and the memory lives as long as the driver.
        return unsafe UnsafeMutableBufferPointer(
            start: buffers + Int(bufferIndex) * bufferByteCount, count: byteCount)
    }

    /// See `Driver`. Overwrites the bytes, so that a reader that kept them notices.
    public func recycle(bufferIndex: UInt16) {
        precondition(isBufferTaken[Int(bufferIndex)], "a buffer was recycled twice")
        unsafe (buffers + Int(bufferIndex) * bufferByteCount).update(repeating: 0xdd, count: bufferByteCount)
        isBufferTaken[Int(bufferIndex)] = false
        freeBuffers.append(bufferIndex)
    }

    /// See `Driver`: ends the operations in flight and closes every socket.
    @discardableResult
    public func shutDown() -> Bool {
        queued.removeAll()
        for operation in pending { operation.socket?.release() }
        pending.removeAll()
        for slot in sockets.indices {
            sockets[slot]?.release()
            sockets[slot] = nil
        }
        network.leave(self)
        return !outlivesShutDown
    }
}
