import CAllocationCounter
import CMeasuredRegion
import Glibc

/// The measurements of one benchmark, per operation.
struct Measurement: Encodable {
    let name: String
    let operation: String
    /// Of all threads; in the steady state.
    let allocations: Double
    /// CPU time of the thread; nil when it was not measured.
    let nanosecondsMedian: Double?
    let nanosecondsMin: Double?
}

/// How a benchmark is measured.
///
/// The harness reads the CPU time of the thread, not the wall clock, so that other work on the machine disturbs little.
/// The numbers of warm-up batches and of batches whose allocations are counted are fixed, so that the count is the same
/// in every run.
struct Harness {
    /// Batches before anything is measured.
    static let warmUpBatchCount = 3
    /// Batches whose allocations are counted.
    static let countedBatchCount = 8
    /// The number of timed samples, of which the median and the minimum are reported.
    static let sampleCount = 31
    /// A sample has as many batches as fill this time.
    static let sampleNanosecondsMin: UInt64 = 1_000_000

    /// Counts allocations, and times when `isTimed`.
    static func measure(_ benchmark: Benchmark, isTimed: Bool) throws -> Measurement {
        let batch = try warmedUp(benchmark)
        var allocationCount: UInt64 = 0
        for _ in 0..<countedBatchCount {
            batch.prepare()
            let before = allocation_count()
            batch.run()
            allocationCount += allocation_count() - before
        }
        var samples: [Double] = []
        if isTimed {
            for _ in 0..<sampleCount { samples.append(sample(batch) / Double(benchmark.batchOperationCount)) }
            samples.sort()
        }
        return Measurement(
            name: benchmark.name,
            operation: benchmark.operation,
            allocations: Double(allocationCount) / Double(countedBatchCount * benchmark.batchOperationCount),
            nanosecondsMedian: isTimed ? samples[samples.count / 2] : nil,
            nanosecondsMin: samples.first)
    }

    /// Runs one batch between the marks at which callgrind starts and stops counting.
    static func runMarked(_ benchmark: Benchmark) throws {
        let batch = try warmedUp(benchmark)
        batch.prepare()
        measured_region_begin()
        batch.run()
        measured_region_end()
    }

    private static func warmedUp(_ benchmark: Benchmark) throws -> Benchmark.Batch {
        let batch = try benchmark.makeBatch()
        for _ in 0..<warmUpBatchCount {
            batch.prepare()
            batch.run()
        }
        return batch
    }

    /// Nanoseconds per batch: the mean over as many batches as fill a sample.
    private static func sample(_ batch: Benchmark.Batch) -> Double {
        var nanoseconds: UInt64 = 0
        var batchCount = 0
        while nanoseconds < sampleNanosecondsMin {
            batch.prepare()
            let before = threadNanoseconds()
            batch.run()
            nanoseconds += threadNanoseconds() - before
            batchCount += 1
        }
        return Double(nanoseconds) / Double(batchCount)
    }

    private static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
