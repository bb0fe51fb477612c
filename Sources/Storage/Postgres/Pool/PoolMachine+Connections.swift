import Primitives

// How connects, losses and deadlines affect the requests.

extension PoolMachine {
    /// The connection was made.
    mutating func connected(_ index: Int, at now: MonotonicInstant) -> [PoolAction] {
        connections[index].phase = .preparing(deadline: now + settings.connectTimeout)
        return [.prepare(index)]
    }

    /// The session was set up.
    mutating func prepared(_ index: Int, at now: MonotonicInstant) -> [PoolAction] {
        connections[index].phase = .ready(since: now)
        // The connect counts as failed until the connection is useful: a server that accepts and then closes must not
        // be retried more often than one that refuses.
        connections[index].failureCount += 1
        var actions: [PoolAction] = []
        for other in connections.indices where !connections[other].isReady && connections[other].failureCount > 0 {
            moveWrites(from: other, to: index)
        }
        actions += pumpWrites(index, at: now)
        return actions + pumpReads(at: now)
    }

    /// The connection could not be made or set up, or died. The caller has closed it.
    mutating func disconnected(_ index: Int, _ error: StorageError, at now: MonotonicInstant) -> [PoolAction] {
        lastFailure = error
        let connection = connections[index]
        switch connection.phase {
        case .closed: return []
        case .waiting, .connecting, .preparing: connections[index].failureCount += 1
        case .ready(let since):
            lostConnectionCount += 1
            if now.since(since) >= settings.backoffMax { connections[index].failureCount = 0 }
        }
        connections[index].phase =
            isStopping ? .closed : .waiting(until: now + backoff(connections[index].failureCount))
        var actions: [PoolAction] = []
        var writes: [PoolRequest] = []
        var readsAgain: [PoolRequest] = []
        for var request in connections[index].takeFlights() {
            let isFinal = request.sendCount >= settings.sendCountMax || now >= request.deadline
            if request.kind == .write(isRepeatable: false) || isFinal || isStopping {
                actions.append(answer(request, StorageError(.unavailable, detail: error.detail).withUnknownOutcome))
            } else if request.kind == .read {
                readsAgain.append(request)
            } else {
                request.isUncertain = true
                writes.append(request)
            }
        }
        connections[index].writes.prepend(writes)
        readAgain(readsAgain)
        if let other = connections.indices.first(where: { connections[$0].isReady }) {
            moveWrites(from: index, to: other)
            actions += pumpWrites(other, at: now)
        }
        return actions + pumpReads(at: now)
    }

    /// Moves the writes that wait for a lost connection to another one, in the same order.
    private mutating func moveWrites(from index: Int, to other: Int) {
        guard index != other else { return }
        for request in connections[index].writes.takeAll() {
            pins[request.key]?.connection = other
            connections[other].writes.append(request)
        }
    }

    /// The pause before the next connect. It doubles with each failure, and half of it is random, so that the
    /// connections of all nodes do not reconnect at once.
    private mutating func backoff(_ failureCount: Int) -> Duration {
        jitter = jitter &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let doubled = settings.backoffMin * (1 << min(max(failureCount - 1, 0), 16))
        let half = min(doubled, settings.backoffMax) / 2
        let pause = half + half * Int(jitter >> 54) / 1024
        // A connection that was useful and was lost is retried at once, except for the random part.
        return failureCount == 0 ? pause - half : pause
    }

    /// The node's lock was lost, or is held again. Writes that were sent are not recalled: only those that wait are
    /// held back.
    mutating func writability(_ isWritable: Bool, at now: MonotonicInstant) -> [PoolAction] {
        self.isWritable = isWritable
        return connections.indices.flatMap { pumpWrites($0, at: now) }
    }

    /// Time passed: starts the connects that are due and ends what takes too long. O(pending).
    mutating func ticked(at now: MonotonicInstant) -> [PoolAction] {
        var actions: [PoolAction] = []
        for index in connections.indices {
            switch connections[index].phase {
            case .waiting(let until) where until <= now:
                connections[index].phase = .connecting(deadline: now + settings.connectTimeout)
                actions.append(.connect(index))
            case .connecting(let deadline) where deadline <= now, .preparing(let deadline) where deadline <= now:
                actions.append(.disconnect(index))
                actions += disconnected(index, StorageError(.unavailable, detail: "connect timeout"), at: now)
            case .ready:
                guard let flight = connections[index].current, flight.deadline <= now else { break }
                actions.append(.disconnect(index))
                actions += disconnected(index, StorageError(.unavailable, detail: "no answer in time"), at: now)
            case .waiting, .connecting, .preparing, .closed: break
            }
        }
        return actions + giveUpLate(at: now)
    }

    private mutating func giveUpLate(at now: MonotonicInstant) -> [PoolAction] {
        var late = lookUps.take { $0.deadline <= now } + reads.take { $0.deadline <= now }
        for index in connections.indices { late += connections[index].writes.take { $0.deadline <= now } }
        let isConnected = connections.contains { $0.isReady }
        return late.map { request in
            // On a live connection a request that waited too long met a slow database, not an unavailable one.
            let error =
                if request.isUncertain {
                    StorageError(.unavailable, detail: lastFailure.detail)
                } else if isConnected, !isWritable, request.kind != .read {
                    StorageError(.unavailable, detail: "another node may hold the database's lock")
                } else if isConnected {
                    StorageError(.busy, detail: "waited too long")
                } else {
                    lastFailure
                }
            return answer(request, error)
        }
    }

    /// Rejects further requests. Pending requests may finish; see `isFinished`.
    mutating func stopped() {
        isStopping = true
    }

    /// Whether the pool was stopped and nothing is pending.
    var isFinished: Bool { isStopping && pendingReadCount + pendingWriteCount == 0 }

    /// Ends everything now. Pending requests fail as unavailable.
    mutating func aborted() -> [PoolAction] {
        isStopping = true
        var actions: [PoolAction] = []
        for index in connections.indices {
            actions.append(.disconnect(index))
            let requests = connections[index].takeFlights() + connections[index].writes.takeAll()
            connections[index].phase = .closed
            for request in requests {
                actions.append(answer(request, StorageError(.unavailable, detail: "closed")))
            }
        }
        for request in lookUps.takeAll() + reads.takeAll() {
            actions.append(answer(request, StorageError(.unavailable, detail: "closed")))
        }
        return actions
    }
}
