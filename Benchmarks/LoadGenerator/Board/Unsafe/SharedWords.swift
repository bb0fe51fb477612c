import Glibc
import Synchronization

/// Words of memory that the processes of a run share: a mapped file without a name, whose descriptor the children
/// inherit. All zero at first.
@safe package final class SharedWords: @unchecked Sendable {
    // @unchecked: the memory is only reached through atomics, and unmapped when the last reference is gone.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let byteCount: Int
    /// How many words there are.
    package let count: Int
    /// The descriptor, which is open across `exec`.
    package let descriptor: Int32

    /// New words, for `count` of them.
    package convenience init(count: Int) throws(LoadConfigurationError) {
        let name = "/shopload-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let shared = unsafe shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard shared >= 0 else { throw LoadConfigurationError("no shared memory can be made (errno \(errno))") }
        unsafe shm_unlink(name)
        // A duplicate is not closed by `exec`.
        let descriptor = dup(shared)
        close(shared)
        guard descriptor >= 0, ftruncate(descriptor, count * 8) == 0 else {
            throw LoadConfigurationError("no \(count * 8) bytes of shared memory can be had (errno \(errno))")
        }
        try self.init(descriptor: descriptor, count: count)
    }

    /// The words behind a descriptor that was inherited.
    package init(descriptor: Int32, count: Int) throws(LoadConfigurationError) {
        byteCount = count * 8
        self.count = count
        self.descriptor = descriptor
        let memory = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw LoadConfigurationError("the shared memory cannot be mapped (errno \(errno))")
        }
        // SAFETY: an atomic word has the layout of the word, and zero bytes are a valid value of it.
        unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
    }

    deinit {
        unsafe munmap(words, byteCount)
        close(descriptor)
    }

    /// A word.
    @inline(__always)
    package func load(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe words[index].load(ordering: .acquiring)
    }

    /// Sets a word.
    @inline(__always)
    package func store(_ index: Int, _ value: UInt64) {
        precondition(index >= 0 && index < count)
        unsafe words[index].store(value, ordering: .releasing)
    }

    /// Adds to a word that only the caller writes: no locked instruction.
    @inline(__always)
    package func addAlone(_ index: Int, _ value: UInt64) {
        precondition(index >= 0 && index < count)
        unsafe words[index].store(words[index].load(ordering: .relaxed) &+ value, ordering: .relaxed)
    }

    /// Adds to a word that several write, and returns what it was.
    @discardableResult
    package func add(_ index: Int, _ value: UInt64) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe words[index].add(value, ordering: .acquiringAndReleasing).oldValue
    }

    /// Replaces a word if it is still `expected`; returns whether it was, and what it is otherwise.
    package func exchange(_ index: Int, expected: UInt64, desired: UInt64) -> (exchanged: Bool, original: UInt64) {
        precondition(index >= 0 && index < count)
        return unsafe words[index].compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing)
    }
}
