import Glibc
import Primitives

// The kernel's part of the connections that a driver opens.

extension VirtualDriver {
    /// Creates the socket in its slot at once; the connect itself stays pending.
    func connectBegan(_ operation: VirtualOperation, from source: PeerAddress?) {
        precondition(sockets[Int(operation.slot)] == nil, "a connect into a slot in use")
        let socket = network.makeSocket(from: source)
        sockets[Int(operation.slot)] = socket
        socket.hold()
        var operation = operation
        operation.socket = socket
        pending.append(operation)
    }

    /// Connects the socket to a new one in a listener's queue, and returns the result of the connect.
    func connected(_ socket: VirtualSocket, to address: SocketAddress) -> Int32 {
        let listeners = network.listeners(at: address)
        guard !listeners.isEmpty else { return -ECONNREFUSED }
        guard !network.chance(perMille: network.faults.connectFailurePerMille) else { return -ETIMEDOUT }
        guard let listener = listeners.filter({ $0.hasRoom }).randomElement(using: &network.random) else {
            preconditionFailure("a connect went on without room for it")
        }
        let accepted = network.makeSocket(from: socket.address)
        socket.join(accepted)
        listener.backlog.append(accepted)
        return 0
    }
}
