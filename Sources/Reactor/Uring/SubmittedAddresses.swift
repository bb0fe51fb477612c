import CLiburing
import Glibc
import Primitives

/// Memory for the socket addresses that submission entries name: one cell for each entry of the queue.
///
/// The kernel copies an entry's address when it takes the entry (`IORING_FEAT_SUBMIT_STABLE`, and `io_connect_prep` and
/// `io_bind_prep` copy it), so a cell is free again with its entry and no operation under way owns any.
@safe struct SubmittedAddresses {
    /// The longest address: `sockaddr_in6`.
    private static let cellByteCount = 28

    private let cells: UnsafeMutableRawPointer

    /// Cells for a submission queue of `entryCount` entries.
    init(entryCount: Int) {
        unsafe cells = .allocate(byteCount: entryCount * Self.cellByteCount, alignment: 8)
    }

    func deallocate() { unsafe cells.deallocate() }

    /// Writes the address into the cell of the entry `index`; where it stands, and its bytes.
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
