import Glibc
import Synchronization

/// Words of memory that the processes of a run share: an unnamed mapped file whose descriptor child processes inherit.
/// Initially zero.
@safe package final class SharedWords: @unchecked Sendable {
    // @unchecked: the memory is accessed only through atomics, and unmapped with the last reference.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let byteCount: Int
    /// The number of words.
    package let count: Int
    /// The descriptor, which remains open across `exec`.
    package let descriptor: Int32

    /// Creates `count` words.
    package convenience init(count: Int) throws(LoadConfigurationError) {
        let name = "/shopload-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let shared = unsafe shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard shared >= 0 else { throw LoadConfigurationError("no shared memory can be made (errno \(errno))") }
        unsafe shm_unlink(name)
        // A duplicate does not have the close-on-exec flag.
        let descriptor = dup(shared)
        close(shared)
        guard descriptor >= 0, ftruncate(descriptor, count * 8) == 0 else {
            throw LoadConfigurationError("no \(count * 8) bytes of shared memory can be had (errno \(errno))")
        }
        try self.init(descriptor: descriptor, count: count)
    }

    /// Maps the words of an inherited descriptor.
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

    /// Loads a word.
    @inline(__always)
    package func load(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe words[index].load(ordering: .acquiring)
    }

    /// Stores a word.
    @inline(__always)
    package func store(_ index: Int, _ value: UInt64) {
        precondition(index >= 0 && index < count)
        unsafe words[index].store(value, ordering: .releasing)
    }

    /// Adds to a word that has only one writer, the caller, so no locked instruction is needed.
    @inline(__always)
    package func addAlone(_ index: Int, _ value: UInt64) {
        precondition(index >= 0 && index < count)
        unsafe words[index].store(words[index].load(ordering: .relaxed) &+ value, ordering: .relaxed)
    }

    /// Adds to a word with several writers, and returns its previous value.
    @discardableResult
    package func add(_ index: Int, _ value: UInt64) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe words[index].add(value, ordering: .acquiringAndReleasing).oldValue
    }

    /// Replaces a word if it is `expected`. Returns whether it was, and the value found.
    package func exchange(_ index: Int, expected: UInt64, desired: UInt64) -> (exchanged: Bool, original: UInt64) {
        precondition(index >= 0 && index < count)
        return unsafe words[index].compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing)
    }
}
