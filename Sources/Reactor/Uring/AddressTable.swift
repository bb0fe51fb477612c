import CLiburing
import Glibc
import Primitives

/// Memory for the peers' addresses that the kernel has been asked for, one cell for each request under way.
@safe final class AddressTable {
    /// What `SO_PEERNAME` needs at most: `sockaddr_in6`.
    static let cellByteCount = 28

    // SAFETY: a cell is in one place, `cells` while the kernel may write it, else `free`; it is read within its 28
    // bytes.
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

    /// Frees all cells; no request may be under way.
    func deallocate() {
        for slot in unsafe Array(cells.keys) { _ = take(slot: slot) }
        while let cell = unsafe free.popLast() { unsafe cell.deallocate() }
    }
}
