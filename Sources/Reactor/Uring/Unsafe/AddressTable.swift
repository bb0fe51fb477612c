import CLiburing
import Glibc
import Primitives

/// Memory for the peers' addresses that were requested from the kernel: one cell for each request in flight.
@safe final class AddressTable {
    /// The longest address that `SO_PEERNAME` returns: `sockaddr_in6`.
    static let cellByteCount = 28

    // SAFETY: a cell is in one place: in `cells` while the kernel may write it, else in `free`. It is read within its
    // 28 bytes.
    private var cells: [UInt32: UnsafeMutableRawPointer] = unsafe [:]
    private var free: [UnsafeMutableRawPointer] = unsafe []

    /// A cell for the request of `slot`, zeroed.
    func allocate(slot: UInt32) -> UnsafeMutableRawPointer {
        let cell =
            unsafe free.popLast() ?? UnsafeMutableRawPointer.allocate(byteCount: Self.cellByteCount, alignment: 8)
        unsafe memset(cell, 0, Self.cellByteCount)
        unsafe cells[slot] = unsafe cell
        return unsafe cell
    }

    /// Reads and frees the cell of `slot`.
    func take(slot: UInt32) -> PeerAddress? {
        guard let cell = unsafe cells.removeValue(forKey: slot) else { return nil }
        unsafe free.append(cell)
        return unsafe Self.address(in: cell)
    }

    /// The address that the kernel wrote into a cell.
    static func address(in cell: UnsafeMutableRawPointer) -> PeerAddress? {
        let family = unsafe cell.load(as: sa_family_t.self)
        switch Int32(family) {
        case AF_INET:
            return unsafe PeerAddress(ipv4: UInt32(bigEndian: cell.load(fromByteOffset: 4, as: UInt32.self)))
        case AF_INET6:
            let high = unsafe UInt64(bigEndian: cell.load(fromByteOffset: 8, as: UInt64.self))
            let low = unsafe UInt64(bigEndian: cell.load(fromByteOffset: 16, as: UInt64.self))
            return PeerAddress(high: high, low: low)
        default:
            return nil
        }
    }

    /// Frees all cells; no request may be in flight.
    func deallocate() {
        for slot in unsafe Array(cells.keys) { _ = take(slot: slot) }
        while let cell = unsafe free.popLast() { unsafe cell.deallocate() }
    }
}

/// Memory for the socket addresses that submission entries name: one cell for each entry of the queue.
///
/// The kernel copies an entry's address when it takes the entry (`IORING_FEAT_SUBMIT_STABLE`, and `io_connect_prep` and
/// `io_bind_prep` copy it), so a cell is free again with its entry, and no operation in flight uses one.
@safe struct SubmittedAddresses {
    /// The longest address: `sockaddr_in6`.
    private static let cellByteCount = 28

    private let cells: UnsafeMutableRawPointer

    /// Cells for a submission queue of `entryCount` entries.
    init(entryCount: Int) {
        unsafe cells = .allocate(byteCount: entryCount * Self.cellByteCount, alignment: 8)
    }

    func deallocate() { unsafe cells.deallocate() }

    /// Writes the address into the cell of the entry `index`, and returns its bytes there.
    func write(_ host: PeerAddress, port: UInt16, entryIndex index: UInt32) -> UnsafeRawBufferPointer {
        // SAFETY: the index is below `entryCount`, and both kinds of address fit into a cell.
        let cell = unsafe cells + Int(index) * Self.cellByteCount
        if host.isIPv4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: host.low).bigEndian
            unsafe cell.copyMemory(from: &address, byteCount: MemoryLayout<sockaddr_in>.size)
            return unsafe UnsafeRawBufferPointer(start: cell, count: MemoryLayout<sockaddr_in>.size)
        }
        unsafe memset(cell, 0, Self.cellByteCount)
        unsafe cell.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
        unsafe cell.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        unsafe cell.storeBytes(of: host.high.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe cell.storeBytes(of: host.low.bigEndian, toByteOffset: 16, as: UInt64.self)
        return unsafe UnsafeRawBufferPointer(start: cell, count: Self.cellByteCount)
    }
}
