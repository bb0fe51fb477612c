/// A listening socket of the virtual network.
final class VirtualListener {
    /// Connections that nobody accepted yet; each is held once on behalf of this queue.
    var backlog: [VirtualSocket] = []
    let backlogCountMax: Int
    /// Where `Reactor.connect` finds it.
    let address: SocketAddress

    init(address: SocketAddress, backlogCountMax: Int) {
        self.address = address
        self.backlogCountMax = backlogCountMax
    }

    /// Whether another connection may wait.
    var hasRoom: Bool { backlog.count < backlogCountMax }
}
