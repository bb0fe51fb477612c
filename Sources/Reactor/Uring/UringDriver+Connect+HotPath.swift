import CLiburing
import Glibc
import Primitives

extension UringDriver {
    /// The number of steps of the longest chain that opens a connection.
    private static var connectStepCountMax: UInt32 { 5 }

    /// See `Driver`. One chain of linked entries, and one completion. A source address requires Linux 6.11 (`EINVAL`
    /// before it).
    ///
    /// A bound socket gets its port when it connects (IP_BIND_ADDRESS_NO_PORT), not when it is bound. The port is then
    /// taken only for this destination, so one source address has all its ephemeral ports for each destination.
    public func connect(slot: UInt32, to address: SocketAddress, from source: PeerAddress?, tag: CompletionTag) {
        if unsafe shim_free_entries(ring) < Self.connectStepCountMax { submit() }
        // SAFETY: `enabledOption` lives as long as the ring; an address lives in the cell of its entry, see
        // `SubmittedAddresses`. `submit` took every entry, so the chain fits into the queue.
        unsafe shim_socket_step(entry(), slot, address.host.isIPv4 ? AF_INET : AF_INET6, tag.bits)
        unsafe shim_set_option_step(
            entry(), slot, UInt32(IPPROTO_TCP), UInt32(TCP_NODELAY), enabledOption, tag.bits)
        if let source {
            unsafe shim_set_option_step(
                entry(), slot, UInt32(IPPROTO_IP), UInt32(IP_BIND_ADDRESS_NO_PORT), enabledOption, tag.bits)
            let bindEntry = unsafe entry()
            let name = unsafe submittedAddresses.write(
                source, port: 0, entryIndex: shim_entry_index(ring, bindEntry))
            unsafe shim_bind_step(bindEntry, slot, name.baseAddress, UInt32(name.count), tag.bits)
        }
        let connectEntry = unsafe entry()
        let name = unsafe submittedAddresses.write(
            address.host, port: address.port, entryIndex: shim_entry_index(ring, connectEntry))
        unsafe shim_connect(connectEntry, slot, name.baseAddress, UInt32(name.count), tag.bits)
    }
}
