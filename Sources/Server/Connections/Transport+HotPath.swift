import Hub
import Primitives
import Reactor
import TLS

/// The sends of the hub, enqueued with the reactor. A plain socket gets the hub's own bytes. For one with TLS the sink
/// seals a record of them, and `SealedSends` holds that until the submission.
struct TransportSink<IO: Driver>: HubSink {
    unowned let reactor: Shard<IO>.ShardReactor
    unowned let streams: StreamConnections
    unowned let sealedSends: SealedSends

    mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        guard streams.sealedCount == 0 else { return trySendSealed(connections, bytes) }
        // SAFETY: the hub keeps the bytes in place until `submitted`, which follows the submission.
        unsafe bytes.withUnsafeBytes { bytes in
            for index in connections.indices { unsafe reactor.trySendInGroup(connections[index], bytes) }
        }
    }

    mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        if streams.sealedCount > 0, let tls = streams.tls(of: connection) {
            return seal(connection, tls, bytes, isInGroup: false)
        }
        // SAFETY: as above.
        unsafe bytes.withUnsafeBytes { unsafe reactor.trySend(connection, $0) }
    }

    private func trySendSealed(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
        for index in connections.indices {
            let connection = connections[index]
            if let tls = streams.tls(of: connection) {
                seal(connection, tls, bytes, isInGroup: true)
            } else {
                // SAFETY: as above.
                unsafe bytes.withUnsafeBytes { unsafe reactor.trySendInGroup(connection, $0) }
            }
        }
    }

    private func seal(_ connection: ConnectionID, _ tls: TLSConnection, _ bytes: Span<UInt8>, isInGroup: Bool) {
        guard let sealed = unsafe sealedSends.seal(bytes, for: connection, tls, isInGroup: isInGroup) else { return }
        // What is sealed whole for a group is reported only when its send is short, as in a plain group.
        let isReportedWhenShort = isInGroup && sealedSends.isLastWhole
        // SAFETY: `sealedSends` keeps the bytes in place until `submitted`.
        if isReportedWhenShort {
            unsafe reactor.trySendInGroup(connection, sealed)
        } else {
            unsafe reactor.trySend(connection, sealed)
        }
    }
}

/// The records that the hub's sends of one flush were sealed into, and how to report these sends to the hub.
///
/// Of each send, at most one record is sealed. A peer that reads slowly therefore holds at most one record here, and the
/// hub counts the rest as pending. Belongs to the reactor's thread.
final class SealedSends {
    /// A send of this flush.
    struct Send {
        /// Where its record is.
        fileprivate let chunk: Int
        fileprivate let range: Range<Int>
        /// Bytes of the hub in the record.
        let plaintextByteCount: Int
        /// Whether the hub sent to a group.
        let isInGroup: Bool

        /// Bytes of the record.
        var byteCount: Int { range.count }
    }

    /// A send that was not sealed: what to report of it after the submission.
    enum Unsent {
        /// Other bytes are being sent to the connection; nothing was taken.
        case busy(ConnectionID, isInGroup: Bool)
        /// The session failed.
        case failed(ConnectionID)
    }

    // Each array has its capacity from the start, so that its bytes stay in place while records are appended.
    private var chunks: [[UInt8]] = []
    private var chunkCount = 0
    private var sends: [ConnectionID: Send] = [:]
    private(set) var unsent: [Unsent] = []
    /// Whether the last record took all bytes of its send.
    private(set) var isLastWhole = false

    /// Whether this flush had no such sends.
    var isEmpty: Bool { sends.isEmpty && unsent.isEmpty }

    /// Seals the first bytes of a send. The result stays valid until `submitted`; nil when the send is in `unsent`.
    func seal(
        _ bytes: Span<UInt8>, for connection: ConnectionID, _ tls: TLSConnection, isInGroup: Bool
    ) -> UnsafeRawBufferPointer? {
        guard tls.isIdle else {
            unsent.append(.busy(connection, isInGroup: isInGroup))
            return nil
        }
        let plaintextByteCount = min(bytes.count, ServerLimits.recordByteCountMax)
        let chunk = chunkWithRoom(byteCount: plaintextByteCount + ServerLimits.recordOverheadMax)
        let start = chunks[chunk].count
        do throws(TLSError) {
            try tls.seal(bytes.extracting(first: plaintextByteCount), into: &chunks[chunk])
        } catch {
            unsent.append(.failed(connection))
            return nil
        }
        let range = start..<chunks[chunk].count
        precondition(range.upperBound <= ServerLimits.sealedChunkByteCount, "a record is larger than its room")
        sends[connection] = Send(
            chunk: chunk, range: range, plaintextByteCount: plaintextByteCount, isInGroup: isInGroup)
        isLastWhole = plaintextByteCount == bytes.count
        // SAFETY: the array keeps its storage until `submitted`, as it never grows beyond its capacity.
        return unsafe chunks[chunk].withUnsafeBytes { unsafe UnsafeRawBufferPointer(rebasing: $0[range]) }
    }

    private func chunkWithRoom(byteCount: Int) -> Int {
        if chunkCount > 0, chunks[chunkCount - 1].count + byteCount <= ServerLimits.sealedChunkByteCount {
            return chunkCount - 1
        }
        chunkCount += 1
        if chunks.count < chunkCount {
            var chunk: [UInt8] = []
            chunk.reserveCapacity(ServerLimits.sealedChunkByteCount)
            chunks.append(chunk)
        }
        return chunkCount - 1
    }

    /// The send to a connection, if this flush sealed one. To be taken once, when its result is reported.
    func take(_ connection: ConnectionID) -> Send? {
        sends.isEmpty ? nil : sends.removeValue(forKey: connection)
    }

    /// The part of a record after its first `sentByteCount` bytes.
    func rest(of send: Send, sentByteCount: Int) -> [UInt8] {
        Array(chunks[send.chunk][send.range.dropFirst(sentByteCount)])
    }

    /// Takes the sends that were not sealed.
    func takeUnsent() -> [Unsent] {
        guard !unsent.isEmpty else { return [] }
        defer { unsent = [] }
        return unsent
    }

    /// The flush was submitted, and all its sends were reported: the records' memory is used again.
    func submitted() {
        guard chunkCount > 0 else { return }
        sends.removeAll(keepingCapacity: sends.count <= ServerLimits.flushSendCountMax)
        if chunks.count > ServerLimits.keptSealedChunkCountMax {
            chunks.removeLast(chunks.count - ServerLimits.keptSealedChunkCountMax)
        }
        for index in chunks.indices.prefix(chunkCount) { chunks[index].removeAll(keepingCapacity: true) }
        chunkCount = 0
    }
}
