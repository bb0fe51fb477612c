/// A listening socket of the virtual network.
final class VirtualListener {
    /// Connections that nobody accepted yet; each is held once on behalf of this queue.
    var backlog: [VirtualSocket] = []
    let backlogCountMax: Int

    init(backlogCountMax: Int) { self.backlogCountMax = backlogCountMax }
}
