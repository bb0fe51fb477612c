import ArgumentParser
import FoundationEssentials

/// Measures the parts of the server one by one and prints a line of JSON for each. `tools/bench micro` formats them as
/// a table and compares them with thresholds.json.
@main
struct Micro: ParsableCommand {
    /// What to measure.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        /// Time and allocations.
        case all
        /// Only allocations, without timing.
        case allocations
        /// One batch each between marks for callgrind.
        case instructions
    }

    static let configuration = CommandConfiguration(
        abstract: "Micro-benchmarks: nanoseconds and allocations of an operation, as a line of JSON each.")

    @Option(help: "all, allocations or instructions.")
    var mode = Mode.all
    @Argument(help: "The benchmarks to run, by the beginning of their names; all when there is none.")
    var names: [String] = []

    private struct MarkedBatch: Encodable {
        let name: String
        let operation: String
        let batchOperationCount: Int
    }

    func run() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func write(_ value: some Encodable) throws {
            print(String(decoding: try encoder.encode(value), as: UTF8.self))
        }
        for benchmark in benchmarks where names.isEmpty || names.contains(where: { benchmark.name.hasPrefix($0) }) {
            switch mode {
            case .all, .allocations:
                try write(try Harness.measure(benchmark, isTimed: mode == .all))
            case .instructions where benchmark.isCountedInInstructions:
                try Harness.runMarked(benchmark)
                try write(
                    MarkedBatch(
                        name: benchmark.name, operation: benchmark.operation,
                        batchOperationCount: benchmark.batchOperationCount))
            case .instructions: break
            }
        }
    }
}
