// The end of a server whose addresses another process has too, by SO_REUSEPORT: see `ListenerGroup`.

extension Reactor where IO: SystemDriver {
    /// Leaves new connections to the sockets of other processes, at each address where there are any: those that listen
    /// since later than the ones of this process. False when there are none. The reactor goes on to accept what is in the
    /// queues of its own, and connections whose handshake has begun.
    ///
    /// The choice is that of all reactors: one of them makes it, the one that has the side listener. It ends with
    /// `stopAccepting`.
    ///
    /// - Parameter reactorCount: How many reactors of this process have a main and a second listener.
    public func steerConnections(reactorCount: Int) -> Bool {
        for (kind, descriptor) in ownListeners {
            let ownCount = kind.sharesRoom ? reactorCount : 1
            let otherCount = ListenerGroup.count(sharing: descriptor) - ownCount
            guard otherCount > 0 else { continue }
            listeners[kind].isSteered = ListenerGroup.steer(descriptor, past: ownCount, to: otherCount)
        }
        return ListenerKind.allCases.contains { listeners[$0].isSteered }
    }

    /// Takes no new connection, also when another socket of the group is being closed, and those that are left share its
    /// part. Each reactor does this.
    public func ignoreNewConnections() {
        for (_, descriptor) in ownListeners { ListenerGroup.ignoreNew(descriptor) }
    }

    /// The listeners whose sockets end with the process. What is attached to another one would stay there.
    private var ownListeners: [(kind: ListenerKind, descriptor: Int32)] {
        ListenerKind.allCases.map { ($0, listeners[$0]) }
            .filter { $0.1.descriptor >= 0 && !$0.1.isInherited }
            .map { ($0.0, $0.1.descriptor) }
    }
}
