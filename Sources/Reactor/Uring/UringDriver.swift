import CLiburing
import Glibc
import Primitives

/// The driver on io_uring.
///
/// The thread that uses the ring creates it (`SINGLE_ISSUER`, `DEFER_TASKRUN`): completions are processed only when
/// this thread enters the kernel, so nothing interrupts a flush. Connections are direct descriptors: they are known to
/// this ring only, and RLIMIT_NOFILE limits them per ring, not per process.
///
/// All state is reached through `let` pointers: operations of the hot path need no reference count and no exclusivity
/// check.
@safe public final class UringDriver: SystemDriver {
    /// See `SystemDriver`: each ring has a table of its own.
    public static var sharesDescriptors: Bool { false }

    /// The ring; freed by `shutDown`.
    let ring: UnsafeMutablePointer<io_uring>
    /// The receive buffers.
    let buffers: BufferRing
    /// The memory for the results of `requestPeerAddress`.
    let addresses: AddressTable
    /// The addresses that `connect` passes to the kernel.
    let submittedAddresses: SubmittedAddresses
    /// 1, the value of the socket options that `connect` sets.
    let enabledOption: UnsafeMutablePointer<Int32>
    /// Written by other threads to wake this one.
    let wakeDescriptor: Int32
    /// The eight bytes that the armed read of `wakeDescriptor` fills.
    let wakeBytes: UnsafeMutablePointer<UInt64>
    /// The address at which other rings reach this one.
    public let address: UringAddress
    /// See `Driver`.
    public let descriptorCountMax: Int

    // SAFETY: the pointers are valid from `init` to `shutDown`, and only the driver's thread uses them.

    /// Creates a ring on the calling thread, which must be the one that uses it.
    ///
    /// Throws when the kernel has no io_uring, forbids it or is too old, or when a limit is too low; each error says
    /// what to do.
    public init(limits: ReactorLimits) throws(DriverError) {
        try KernelSupport.check()
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else { throw .resource(operation: "eventfd", errnoValue: errno) }
        let ring = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        unsafe ring.initialize(to: io_uring())
        do throws(DriverError) {
            try unsafe Self.setUp(ring, limits: limits)
        } catch {
            Glibc.close(wakeDescriptor)
            unsafe ring.deallocate()
            throw error
        }
        unsafe self.ring = ring
        address = unsafe UringAddress(ringDescriptor: ring.pointee.ring_fd, wakeDescriptor: wakeDescriptor)
        descriptorCountMax = limits.descriptorCountMax
        do throws(DriverError) {
            buffers = try unsafe RingRestrictions.enable(ring, limits: limits)
        } catch {
            Glibc.close(wakeDescriptor)
            unsafe io_uring_queue_exit(ring)
            unsafe ring.deallocate()
            throw error
        }
        addresses = AddressTable()
        submittedAddresses = unsafe SubmittedAddresses(entryCount: Int(ring.pointee.sq.ring_entries))
        unsafe enabledOption = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        unsafe enabledOption.initialize(to: 1)
        unsafe wakeBytes = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        precondition(MemoryLayout<Completion>.size == 16, "drain copies io_uring_cqe into Completion")
        armWake()
    }

    /// Initialises the ring and its table of direct descriptors.
    private static func setUp(_ ring: UnsafeMutablePointer<io_uring>, limits: ReactorLimits) throws(DriverError) {
        var parameters = io_uring_params()
        parameters.flags =
            UInt32(IORING_SETUP_SINGLE_ISSUER) | UInt32(IORING_SETUP_DEFER_TASKRUN) | UInt32(IORING_SETUP_SUBMIT_ALL)
            | UInt32(IORING_SETUP_CQSIZE) | UInt32(IORING_SETUP_TASKRUN_FLAG) | UInt32(IORING_SETUP_CLAMP)
            | UInt32(IORING_SETUP_R_DISABLED)
        parameters.cq_entries = UInt32(limits.completionCountMax)
        let status = unsafe io_uring_queue_init_params(UInt32(limits.submissionCountMax), ring, &parameters)
        guard status == 0 else { throw KernelSupport.error(ofSetup: -status) }
        // Entering by the registered index saves the kernel a look-up and a reference for each call. A failure only
        // costs speed.
        _ = unsafe io_uring_register_ring_fd(ring)
        let registered = unsafe io_uring_register_files_sparse(ring, UInt32(limits.descriptorCountMax))
        guard registered == 0 else {
            unsafe io_uring_queue_exit(ring)
            throw .resource(operation: "registering \(limits.descriptorCountMax) descriptors", errnoValue: -registered)
        }
        // The slots that the reactor assigns to outgoing connections must not be assigned by the kernel.
        let outgoingCount = UInt32(limits.outgoingConnectionCountMax)
        let ranged = unsafe io_uring_register_file_alloc_range(
            ring, outgoingCount, UInt32(limits.descriptorCountMax) - outgoingCount)
        guard ranged == 0 else {
            unsafe io_uring_queue_exit(ring)
            throw .failed(operation: "reserving \(outgoingCount) descriptors", errnoValue: -ranged)
        }
    }

    /// The monotonic clock.
    public var now: MonotonicInstant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Writes to the event descriptor.
    public var waker: EventWaker { EventWaker(descriptor: wakeDescriptor) }

    /// Ends the operations in flight, closes the ring and frees its memory; see `Driver`.
    ///
    /// Closing a ring ends its operations in the background. They are cancelled here first, so that none accesses
    /// memory that is freed next. When the kernel cannot cancel them within a second (`ETIME`, `EINTR`), the memory is
    /// not freed: leaking it when the process ends is better than a write into memory that is reused.
    @discardableResult
    public func shutDown() -> Bool {
        let isQuiet = cancelEverything()
        if isQuiet { unsafe buffers.unregister(from: ring) }
        unsafe io_uring_queue_exit(ring)
        // The wake descriptor stays open: another thread may still hold the waker, and its number must not be reused.
        guard isQuiet else {
            StandardError.write(Array("io_uring: operations outlived their ring; its memory is left\n".utf8))
            return false
        }
        unsafe ring.deallocate()
        unsafe wakeBytes.deallocate()
        addresses.deallocate()
        submittedAddresses.deallocate()
        unsafe enabledOption.deallocate()
        return true
    }

    /// Cancels all operations; whether none is in flight after this.
    private func cancelEverything() -> Bool {
        var everything = io_uring_sync_cancel_reg()
        everything.fd = -1
        everything.flags = UInt32(IORING_ASYNC_CANCEL_ANY) | UInt32(IORING_ASYNC_CANCEL_ALL)
        everything.timeout.tv_sec = 1
        let status = unsafe io_uring_register_sync_cancel(ring, &everything)
        unsafe io_uring_get_events(ring)
        return Self.isQuiet(afterCancel: status)
    }

    /// Whether the result of the cancellation is a count, or says that there was nothing to cancel.
    static func isQuiet(afterCancel status: Int32) -> Bool { status >= 0 || status == -ENOENT }
}

/// The address at which other rings reach a `UringDriver`.
public struct UringAddress: Sendable {
    /// The ordinary descriptor of the ring.
    let ringDescriptor: Int32
    /// The event descriptor of its waker, which stays open as long as the process lives.
    let wakeDescriptor: Int32
}
