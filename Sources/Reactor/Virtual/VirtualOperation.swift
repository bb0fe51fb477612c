import Primitives

/// An operation of a virtual driver: as it was queued and, if it must wait, while it is in flight.
///
/// As with the kernel, the caller keeps the `bytes` of a send until its completion: they are read when there is room.
@safe struct VirtualOperation {
    @safe enum Kind {
        case accept(listener: Int32, isMultishot: Bool)
        case connect(to: SocketAddress, from: PeerAddress?)
        case receive(isMultishot: Bool)
        case send(bytes: UnsafeRawBufferPointer, sentByteCount: Int)
        case trySend(bytes: UnsafeRawBufferPointer, isInGroup: Bool)
        case pollWritable
        case pollDescriptor
        case shutdown(isBothDirections: Bool)
        case cancel(target: CompletionTag)
        case close
        case transfer(to: VirtualDriver.Address, remoteTag: CompletionTag)
        case wake(VirtualDriver.Address, remoteTag: CompletionTag)
        case requestPeerAddress
    }

    var kind: Kind
    let slot: UInt32
    let tag: CompletionTag
    /// The socket that the operation holds while it is in flight; nil while it is queued, and for accepts.
    var socket: VirtualSocket?

    init(_ kind: Kind, slot: UInt32, tag: CompletionTag) {
        self.kind = kind
        self.slot = slot
        self.tag = tag
    }
}
