import Glibc
import Primitives

// Sends that end in the turn in which they began, as those of most responses do: they have no completion, and their
// connections receive again in the same turn.

/// A send that was tried without waiting.
struct PromptSend {
    let connection: ConnectionID
    var bytes: OwnedSend
    /// The result of the try, when it was not whole: a byte count or a negated `errno`.
    var shortResult: Int32?
}

extension Reactor {
    /// Sends bytes like `send`, but what the socket has room for is sent with the next submission. When that was all,
    /// `sendEnded` follows within `completeSends`; otherwise the rest waits for room. One send at a time. Holds the
    /// array of the slice until then.
    public func sendPromptly(_ connection: ConnectionID, _ bytes: ArraySlice<UInt8>) {
        guard isOpen(connection) else { return }
        precondition(!bytes.isEmpty, "nothing to send")
        let send = OwnedSend(bytes)
        // SAFETY: `promptSends` owns the bytes until they were submitted.
        unsafe driver.trySend(
            slot: connection.slot, bytes: send.rest, isInGroup: true, tag: CompletionTag(.promptSend, connection))
        promptSends.append(PromptSend(connection: connection, bytes: send))
        arePromptSendsQueued = true
    }

    /// Completes the sends of this turn, and submits them before, unless that was done. A handler that sends promptly
    /// calls it in `turnEnded`, after its own submissions. `sendEnded` follows for each within this call. What the
    /// handler sends then completes in the next turn.
    public func completeSends() {
        guard !promptSends.isEmpty else { return }
        if arePromptSendsQueued { submit() }
        var ended: [PromptSend] = []
        swap(&ended, &promptSends)
        for send in ended { complete(send) }
        guard promptSends.isEmpty else { return }
        ended.removeAll(keepingCapacity: true)
        swap(&ended, &promptSends)
    }

    private func complete(_ send: PromptSend) {
        let connection = send.connection
        guard isOpen(connection) else { return }
        switch send.shortResult {
        case nil:
            handler.sendEnded(connection, errnoValue: 0)
        case .some(0...), -EAGAIN, -EINTR, -ENOBUFS, -ENOMEM:
            var rest = send.bytes
            rest.advance(byteCount: Int(max(0, send.shortResult ?? 0)))
            precondition(sends.updateValue(rest, forKey: connection) == nil, "a send is in flight")
            descriptors[connection].operationCount += 1
            // SAFETY: `sends` owns the bytes until the completion.
            unsafe driver.send(slot: connection.slot, bytes: rest.rest, tag: CompletionTag(.send, connection))
        case .some(let result):
            handler.sendEnded(connection, errnoValue: -result)
        }
    }

    /// A try did not send all bytes. O(sends of the turn): a socket without room is rare.
    func promptSendWasShort(_ completion: Completion) {
        let connection = completion.tag.connection
        guard let index = promptSends.firstIndex(where: { $0.connection == connection }) else {
            statistics.staleCompletionCount += 1
            return
        }
        promptSends[index].shortResult = completion.result
    }
}
