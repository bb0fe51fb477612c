import Primitives

/// Connects virtual drivers and peers: one clock, one seeded source of chance, the listeners and the connections.
///
/// Everything belongs to one thread, which turns the reactors in an order of its choice and plays the peers. With the
/// same seed and the same calls a run repeats exactly.
public final class VirtualNetwork {
    /// The seed, for the message of a failed test.
    public let seed: UInt64
    /// The faults; they may change during a run, for example to let pending work finish.
    public var faults: VirtualFaults
    /// Whether a driver's wait, when no driver has anything to do, advances the clock to the earliest deadline.
    /// Otherwise only `advance` moves it.
    public var advancesWhenIdle = true
    /// Bytes that fit into each direction of a connection.
    public var socketBufferByteCountMax = 16_384
    /// The simulation's time.
    public private(set) var now: MonotonicInstant

    var random: SeededGenerator
    private var drivers: [VirtualDriver?] = []
    /// Drivers that have found nothing to do since the last activity.
    private var waiting: Set<VirtualDriver.Address> = []
    private var listeners: [Int32: VirtualListener] = [:]
    /// Keeps the numbers of closed listeners from being reused.
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

    /// Advances the clock.
    public func advance(by duration: Duration) { now = now + duration }

    /// A listener for one reactor's `startAccepting`. Listeners may share an address; chance distributes the
    /// connections among them. The default is port 80 of a new address of 192.168.0.0/16 for each listener.
    public func listen(at address: SocketAddress? = nil, backlogCountMax: Int = 4_096) -> Int32 {
        let number = listeners.count + closedListenerCount
        let descriptor = Self.firstListener + Int32(number)
        let host = PeerAddress(ipv4: 0xc0a8_0000 | UInt32(truncatingIfNeeded: number) & 0xffff)
        listeners[descriptor] = VirtualListener(
            address: address ?? SocketAddress(host, port: 80), backlogCountMax: backlogCountMax)
        return descriptor
    }

    /// The address of a listener; nil when it is closed.
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

    /// A driver that was shut down cannot be reached any more; its number is not reused.
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

    /// Refuses the connections in the listener's queue and all later ones.
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

    /// A driver had something to do: every other driver looks again before time advances.
    func activityHappened() { waiting.removeAll(keepingCapacity: true) }

    /// A driver found nothing to do. When all have, one after the other, the clock advances to the earliest deadline.
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
    /// Connections that are not accepted yet; the queue holds each of them once.
    var backlog: [VirtualSocket] = []
    let backlogCountMax: Int
    /// The address at which `Reactor.connect` finds it.
    let address: SocketAddress

    init(address: SocketAddress, backlogCountMax: Int) {
        self.address = address
        self.backlogCountMax = backlogCountMax
    }

    /// Whether another connection may be queued.
    var hasRoom: Bool { backlog.count < backlogCountMax }
}
