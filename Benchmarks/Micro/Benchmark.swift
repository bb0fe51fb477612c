/// One operation to measure.
///
/// A batch has so many operations, at least some tens of microseconds' worth, that the cost of reading the clock is
/// negligible.
struct Benchmark: Sendable {
    /// The code of a batch.
    struct Batch {
        /// Restores the state that a batch starts from; not measured.
        var prepare: () -> Void = {}
        /// Performs `batchOperationCount` operations.
        let run: () -> Void
    }

    /// The name in thresholds.json.
    let name: String
    /// What one operation is.
    let operation: String
    /// The operations of one batch.
    let batchOperationCount: Int
    /// Whether instruction counts represent the cost: not where the kernel does the work.
    var isCountedInInstructions = true
    /// Creates the state. Called only for the benchmarks that run.
    let makeBatch: @Sendable () throws -> Batch
}

/// Keeps a result alive, so that the optimiser cannot remove the code that produced it.
@inline(never)
func keep<Value>(_ value: Value) {
    withExtendedLifetime(value) {}
}

/// All benchmarks, in the order in which a message passes through the server.
let benchmarks: [Benchmark] =
    sendBenchmarks + webSocketBenchmarks + httpBenchmarks + tokenBenchmarks + messageBenchmarks + hubBenchmarks
    + reactorBenchmarks
