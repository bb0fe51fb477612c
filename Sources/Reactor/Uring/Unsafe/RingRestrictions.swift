import CLiburing

/// What a ring may do, which the kernel enforces (`IORING_REGISTER_RESTRICTIONS`): the operations of the driver and
/// nothing else. Code that gains control of the process finds no way around a seccomp profile in the ring: it can open
/// no file, and without outgoing connections connect to nothing.
enum RingRestrictions {
    /// Gives a ring that was set up as disabled its receive buffers, restricts it, and enables it.
    static func enable(
        _ ring: UnsafeMutablePointer<io_uring>, limits: ReactorLimits
    ) throws(DriverError) -> BufferRing {
        let buffers = try unsafe BufferRing(
            ring: ring, count: limits.receiveBufferCount, byteCount: limits.receiveBufferByteCount)
        var rules = operations(limits).map { rule(IORING_RESTRICTION_SQE_OP, UInt8($0)) }
        rules += registrations.map { rule(IORING_RESTRICTION_REGISTER_OP, UInt8($0)) }
        rules.append(rule(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, UInt8(SHIM_ENTRY_FLAGS)))
        // SAFETY: the kernel copies the rules.
        var status = unsafe shim_register(
            ring, UInt32(IORING_REGISTER_RESTRICTIONS), &rules, UInt32(rules.count))
        if status == 0 { status = unsafe shim_register(ring, UInt32(IORING_REGISTER_ENABLE_RINGS), nil, 0) }
        guard status == 0 else { throw .failed(operation: "restricting the ring", errnoValue: -status) }
        return buffers
    }

    private static func operations(_ limits: ReactorLimits) -> [UInt32] {
        var operations = [
            IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_POLL_ADD, IORING_OP_SHUTDOWN, IORING_OP_CLOSE,
            IORING_OP_ASYNC_CANCEL, IORING_OP_MSG_RING, IORING_OP_URING_CMD, IORING_OP_READ,
        ].map(\.rawValue)
        if limits.outgoingConnectionCountMax > 0 {
            operations += [IORING_OP_SOCKET.rawValue, IORING_OP_CONNECT.rawValue, UInt32(SHIM_OP_BIND)]
        }
        if limits.installsDescriptors { operations.append(UInt32(SHIM_OP_INSTALL)) }
        return operations
    }

    /// What `UringDriver.shutDown` registers.
    private static let registrations = [
        IORING_REGISTER_SYNC_CANCEL, IORING_UNREGISTER_PBUF_RING, IORING_UNREGISTER_RING_FDS,
    ]

    private static func rule(_ kind: Int, _ value: UInt8) -> io_uring_restriction {
        var rule = io_uring_restriction()
        rule.opcode = UInt16(kind)
        rule.sqe_op = value
        return rule
    }
}
