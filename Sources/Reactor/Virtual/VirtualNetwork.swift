import Primitives

/// Joins virtual drivers and peers: one clock, one seeded source of chance, the listeners and the connections.
///
/// Everything belongs to one thread, which turns the reactors in an order of its choice and plays the peers; with the
/// same seed and the same calls a run repeats itself exactly.
public final class VirtualNetwork {
    /// The seed, for the message of a test that failed.
    public let seed: UInt64
    /// May change during a run, for example to let the dust settle.
    public var faults: VirtualFaults
    /// Whether a driver's wait, when no driver has anything to do, moves the clock to the earliest deadline. Else only
    /// `advance` moves it.
    public var advancesWhenIdle = true
    /// Bytes that fit into each direction of a connection.
    public var socketBufferByteCountMax = 16_384
    /// The simulation's time.
    public private(set) var now: MonotonicInstant

    var random: SeededGenerator
    private var drivers: [VirtualDriver?] = []
    /// Drivers that found nothing to do since something happened.
    private var waiting: Set<VirtualDriver.Address> = []
    private var listeners: [Int32: VirtualListener] = [:]
    /// Keeps the numbers of closed listeners taken.
    private var closedListenerCount = 0
    private var nextPeerNumber: UInt32 = 0

    /// Listeners have numbers that no real descriptor has.
    private static let firstListener: Int32 = 1 << 28

    /// An empty network.
    public init(seed: UInt64, faults: VirtualFaults = VirtualFaults()) {
        self.seed = seed
        self.faults = faults
        random = SeededGenerator(seed: seed)
        now = MonotonicInstant(nanoseconds: 1 << 40)
    }

    /// Moves the clock.
    public func advance(by duration: Duration) { now = now + duration }

    /// A listener for one reactor's `startAccepting`. Listeners may share an address, among which chance spreads the
    /// connections; it defaults to port 80 of a new one of 192.168.0.0/16 for each listener.
    public func listen(at address: SocketAddress? = nil, backlogCountMax: Int = 4_096) -> Int32 {
        let number = listeners.count + closedListenerCount
        let descriptor = Self.firstListener + Int32(number)
        let host = PeerAddress(ipv4: 0xc0a8_0000 | UInt32(truncatingIfNeeded: number) & 0xffff)
        listeners[descriptor] = VirtualListener(
            address: address ?? SocketAddress(host, port: 80), backlogCountMax: backlogCountMax)
        return descriptor
    }

    /// Where a listener listens; nil when it is closed.
    public func address(of descriptor: Int32) -> SocketAddress? { listeners[descriptor]?.address }

    /// Connects to a listener; nil when it is closed or its queue is full. `address` defaults to a new one of
    /// 10.0.0.0/8 for each peer.
    public func connect(to descriptor: Int32, from address: PeerAddress? = nil) -> VirtualPeer? {
        guard let listener = listeners[descriptor], listener.hasRoom else {
            return nil
        }
        let socket = VirtualSocket(address: address ?? newPeerAddress(), bufferByteCountMax: socketBufferByteCountMax)
        listener.backlog.append(socket)
        return VirtualPeer(socket)
    }

    private func newPeerAddress() -> PeerAddress {
        nextPeerNumber += 1
        return PeerAddress(ipv4: 0x0a00_0000 | (nextPeerNumber & 0xff_ffff))
    }

    // MARK: - For drivers

    func join(_ driver: VirtualDriver) -> VirtualDriver.Address {
        drivers.append(driver)
        return VirtualDriver.Address(index: drivers.count - 1)
    }

    /// A driver that shut down is no longer there to be reached; its number is not given again.
    func leave(_ driver: VirtualDriver) {
        drivers[driver.address.index] = nil
        waiting.remove(driver.address)
    }

    func driver(_ address: VirtualDriver.Address) -> VirtualDriver? { drivers[address.index] }

    /// A socket for a driver's `connect`, not yet connected.
    func makeSocket(from source: PeerAddress?) -> VirtualSocket {
        VirtualSocket(address: source ?? newPeerAddress(), bufferByteCountMax: socketBufferByteCountMax)
    }

    /// The listeners at `address`, oldest first.
    func listeners(at address: SocketAddress) -> [VirtualListener] {
        listeners.filter { $0.value.address == address }.sorted { $0.key < $1.key }.map(\.value)
    }

    func listener(_ descriptor: Int32) -> VirtualListener? { listeners[descriptor] }

    /// Refuses what waits at the listener and all that comes.
    func closeListener(_ descriptor: Int32) {
        guard let listener = listeners.removeValue(forKey: descriptor) else { return }
        closedListenerCount += 1
        for socket in listener.backlog {
            socket.reset()
            socket.release()
        }
    }

    func chance(perMille: Int) -> Bool {
        perMille > 0 && Int.random(in: 0..<1_000, using: &random) < perMille
    }

    /// Some driver had something to do: every other one looks again before time passes.
    func activityHappened() { waiting.removeAll(keepingCapacity: true) }

    /// A driver found nothing to do. When all have, one after the other, the clock moves to the earliest deadline.
    func waitBegan(_ driver: VirtualDriver) {
        waiting.insert(driver.address)
        let present = drivers.compactMap { $0 }
        guard advancesWhenIdle, waiting.count == present.count, !present.contains(where: { $0.isBusy }) else { return }
        waiting.removeAll(keepingCapacity: true)
        guard let deadline = present.compactMap({ $0.waitDeadline }).min(), deadline > now else { return }
        now = deadline
    }
}

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
