/// One thing to measure.
///
/// A batch is so many operations that reading the clock around it costs nothing beside it, at least some tens of
/// microseconds' worth.
struct Benchmark: Sendable {
    /// What a batch is made of.
    struct Batch {
        /// Brings the state back to where a batch may start; not measured.
        var prepare: () -> Void = {}
        /// Does `batchOperationCount` operations.
        let run: () -> Void
    }

    /// The name in thresholds.json.
    let name: String
    /// What one operation is.
    let operation: String
    /// The operations of one batch.
    let batchOperationCount: Int
    /// Whether the instructions tell the cost: not where the kernel does the work.
    var isCountedInInstructions = true
    /// Makes the state; called only for the benchmarks that run.
    let makeBatch: @Sendable () throws -> Batch
}

/// Keeps a result alive, so that the optimiser cannot leave out what made it.
@inline(never)
func keep<Value>(_ value: Value) {
    withExtendedLifetime(value) {}
}

/// All there are, in the order of a message's way through the server.
let benchmarks: [Benchmark] =
    sendBenchmarks + webSocketBenchmarks + httpBenchmarks + tokenBenchmarks + messageBenchmarks + hubBenchmarks
    + reactorBenchmarks
