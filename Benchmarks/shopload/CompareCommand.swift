import ArgumentParser
import LoadGenerator

/// `shopload compare`
struct CompareCommand: ParsableCommand, RunOptions {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two servers in rounds, or two sets of reports, and says what is noise.",
        discussion: "With URLs, --scenario is run against each in turn: A B, B A, A B, … With files, each side is a "
            + "list of reports with commas between them, the first of A against the first of B and so on.")

    @Argument(help: "http://HOST:PORT (or https://) of the first server, or reports: one.json,two.json")
    var a: String
    @Argument(help: "The same of the second.")
    var b: String
    @Option(help: "What the first is called.")
    var nameA = "A"
    @Option(help: "What the second is called.")
    var nameB = "B"
    @Option(help: "Rounds; below five a difference must be large to be seen.")
    var rounds = 7
    @Option(help: "The scenario that is run: a name or a file.")
    var scenario: String?
    @Option(help: "Streams of all shops together.")
    var connections: Int?
    @Option(help: "Messages a second to all shops together.")
    var rate: Double?
    @Option(help: "Shops.")
    var shops: Int?
    @OptionGroup var shape: ScenarioShape
    @Option(help: "The first server's process.")
    var pidA: Int32?
    @Option(help: "The second server's process.")
    var pidB: Int32?
    @Option(help: "The commit of the first server.")
    var commitA: String?
    @Option(help: "The commit of the second server.")
    var commitB: String?
    @OptionGroup var targetOptions: TargetOptions
    @OptionGroup var generatorOptions: GeneratorOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var workerOptions: WorkerOptions

    func run() throws {
        let reports = a.hasPrefix("http") ? try measured() : (try read(a), try read(b))
        let comparison = try Comparison(nameA: nameA, nameB: nameB, a: reports.0, b: reports.1)
        guard FileBytes.write(Array(ComparisonText(comparison).text.utf8), to: 1) else { throw ExitCode.failure }
        if let path = outputOptions.report, !FileBytes.write(try comparison.json(), to: path) {
            throw ValidationError("--report \(path) cannot be written")
        }
        if let path = outputOptions.html {
            let page = ReportPage(title: "\(nameA) and \(nameB)", sections: [PageSection(comparison)])
            guard FileBytes.write(Array(page.html.utf8), to: path) else {
                throw ValidationError("--html \(path) cannot be written")
            }
        }
        guard !comparison.measures.isEmpty else {
            StandardError.line("no figure was measured in all rounds of both")
            throw ExitCode.failure
        }
    }

    private func read(_ list: String) throws -> [RunReport] {
        try list.split(separator: ",").map { path in
            guard let json = FileBytes.read(String(path)) else { throw ValidationError("\(path) cannot be read") }
            do {
                return try ReportFile(json: json).report
            } catch {
                throw ValidationError("\(path) is no report: \(error)")
            }
        }
    }

    private func measured() throws -> ([RunReport], [RunReport]) {
        guard generatorOptions.processes == 1 else {
            throw ValidationError("--processes: compare makes its load in one process; give it --reactors")
        }
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds: 1 to 100") }
        guard let name = scenario else { throw ValidationError("--scenario says what is run against the two servers") }
        var chosen = try shape.scenario(name)
        try chosen.scale(streamCount: connections, shopCount: shops, messagesPerSecond: rate)
        try chosen.validate()
        Interrupts.take()
        let population = shape.population(of: chosen)
        var found: ([RunReport], [RunReport]) = ([], [])
        for way in RoundOrder.runs(roundCount: rounds) where !Interrupts.areRequested {
            if !found.0.isEmpty || !found.1.isEmpty { LeadingRun.pauseForServer() }
            var side = self
            side.targetOptions.url = way == .a ? a : b
            // One of the two may use TLS, and the other not.
            if !side.targetOptions.url.hasPrefix("https://") { side.targetOptions.tlsCa = nil }
            side.outputOptions.serverPid = way == .a ? pidA : pidB
            side.outputOptions.commit = (way == .a ? commitA : commitB) ?? outputOptions.commit
            StandardError.line("\(way == .a ? nameA : nameB), round \(min(found.0.count, found.1.count) + 1)")
            let report = try LeadingRun(plan: try side.makePlan(chosen, population), options: side).run()
            guard !Interrupts.areRequested else { break }
            let name = way == .a ? nameA : nameB
            guard report.hasOpenedStreams else { throw ValidationError("\(name): no stream could be opened") }
            if way == .a { found.0.append(report) } else { found.1.append(report) }
        }
        return found
    }
}
