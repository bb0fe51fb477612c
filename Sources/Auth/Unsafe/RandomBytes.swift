import Glibc
import Synchronization

/// Random bytes of the kernel's generator, read 4 KiB at a time: 16 system calls for 256 UUIDs instead of 512.
///
/// They are as good as bytes that are read one by one: they come from the same generator, each is handed out once, and
/// this process does not fork. Bytes that are not handed out yet are in its memory, as the keys that sign links and
/// verify tokens are. Any thread; a lock is held for some tens of instructions, and in one of 256 calls for some
/// microseconds.
public enum RandomBytes {
    /// An array and not an `InlineArray`: of the latter, in a global, the optimiser took the zeros that it began with
    /// for what `fill` had written (Swift 6.3.1).
    private struct Pool {
        var words: [UInt64] = []
        /// Words from this index on were not handed out.
        var index = 0
    }

    private static let wordCount = 512

    private static let pool = Mutex(Pool())

    /// The next 16 bytes, as two words.
    public static func nextPair() -> (UInt64, UInt64) {
        pool.withLock { pool in
            if pool.index == pool.words.count {
                if pool.words.isEmpty { pool.words = Array(repeating: 0, count: wordCount) }
                fill(&pool.words)
                pool.index = 0
            }
            let pair = (pool.words[pool.index], pool.words[pool.index + 1])
            // What was handed out is not kept.
            (pool.words[pool.index], pool.words[pool.index + 1]) = (0, 0)
            pool.index += 2
            return pair
        }
    }

    /// Stops the process when the kernel has no random bytes: no id could be made.
    @inline(never)
    private static func fill(_ words: inout [UInt64]) {
        // The most that the kernel returns whole, whatever signal arrives.
        let stepByteCount = 256
        unsafe words.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            for offset in stride(from: 0, to: bytes.count, by: stepByteCount) {
                // SAFETY: the buffer is a multiple of the step.
                let result = unsafe getentropy(start + offset, stepByteCount)
                precondition(result == 0, "the kernel has random bytes")
            }
        }
    }
}
