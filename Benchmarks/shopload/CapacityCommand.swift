import ArgumentParser
import LoadGenerator

/// `shopload capacity`
struct CapacityCommand: ParsableCommand, RunOptions {
    static let configuration = CommandConfiguration(
        commandName: "capacity",
        abstract: "Looks for the highest rates that a server keeps to its latency at, and plans machines from them.",
        discussion: "Each step is a run of the scenario with so many streams and messages a second. Ctrl-C reports "
            + "what was found so far, and --report with an earlier result goes on from it. The server's members are "
            + "those that --print-members prints.")

    @Argument(help: "\(Scenario.names.joined(separator: ", ")), or the path of a scenario file.")
    var scenario = "many-shops"
    @OptionGroup var shape: ScenarioShape
    @OptionGroup var targetOptions: TargetOptions
    @OptionGroup var generatorOptions: GeneratorOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var workerOptions: WorkerOptions
    @OptionGroup var demandOptions: DemandOptions
    @Option(help: "Numbers of streams to search at; the cost of a stream is known when one is twice another.")
    var streams = "1000,2000,4000"
    @Option(help: "Bounds of the delivery latency's p99 in milliseconds.")
    var p99 = "50,10"
    @Option(help: "The rate that the search begins with, messages a second.")
    var rateMin = 10.0
    @Option(help: "The rate beyond which it does not go.")
    var rateMax = 100_000.0
    @Option(help: "Streams of a shop that are run besides, to tell the cost of a message from that of its deliveries.")
    var membersPerShopGrid = "5,50"
    @Option(help: "At most so many runs.")
    var runs = 200
    @Option(help: "The first process of the database, whose CPU is watched with its children's.")
    var databasePid: Int32?
    @Option(help: "Gigabits a second of the network between generator and server; loopback has no such bound.")
    var networkGigabits: Double?
    @Flag(help: "Print the members that all runs together need, and run nothing.")
    var printMembers = false

    func validate() throws {
        guard generatorOptions.processes == 1 else {
            throw ValidationError("--processes: capacity makes its load in one process; give it --reactors")
        }
        guard rateMin > 0, rateMax >= rateMin else { throw ValidationError("--rate-min and --rate-max: 0 < min ≤ max") }
        guard networkGigabits.map({ $0 > 0 }) ?? true else { throw ValidationError("--network-gigabits is above 0") }
    }

    func run() throws {
        let chosen = try shape.scenario(scenario)
        let counts = try numbers(streams, "--streams").map { Int($0) }
        let sizes = try numbers(membersPerShopGrid, "--members-per-shop-grid", areNeeded: false).map { Int($0) }
        let size = chosen.streamsPerShop.map { demandOptions.membersPerShop.map { max(1, Int($0)) } ?? $0 }
        if printMembers {
            return try print(members(chosen, counts, sizes: size.map { [$0] + sizes } ?? []))
        }
        let demand = try demandOptions.demand(membersPerShop: size)
        let objectives = try numbers(p99, "--p99").map { Objective(milliseconds: $0) }
        let setting = chosen.setting.merging(generatorSetting) { $1 }
        let earlier = try earlierReport(setting)
        var command = self
        command.outputOptions.serverPid = try outputOptions.serverPid ?? targetOptions.listeningProcess()
        guard demand == nil || command.outputOptions.serverPid != nil || earlier?.model != nil else {
            throw ValidationError("--server-pid: a plan rests on the server's CPU and memory, so it must be watched")
        }
        Interrupts.take()
        let search = KneeSearch(
            connectionCounts: counts, objectives: objectives,
            limits: SearchLimits(messagesPerSecondMin: rateMin, messagesPerSecondMax: rateMax),
            membersPerShop: size, calibrationMembersPerShop: size == nil ? [] : sizes,
            observations: earlier?.observations ?? [])
        let report = try command.search(chosen, search) { search, provenance in
            CapacityReport(
                observations: search.observations, knees: search.knees, demand: demand, setting: setting,
                provenance: provenance ?? earlier?.provenance)
        }
        guard FileBytes.write(Array(CapacityText(report).text.utf8), to: 1) else { throw ExitCode.failure }
    }

    /// Runs what the search requests, and writes what is known after each run.
    private func search(
        _ scenario: Scenario, _ search: KneeSearch, report: (KneeSearch, Provenance?) -> CapacityReport
    ) throws -> CapacityReport {
        var search = search
        var step = search.step()
        var found = report(search, nil)
        var runCount = 0
        while case .measure(let point) = step, runCount < runs, !Interrupts.areRequested {
            if runCount > 0 { LeadingRun.pauseForServer() }
            runCount += 1
            StandardError.line(point.text)
            let run = try measure(scenario, point)
            if Interrupts.areRequested { break }
            StandardError.line(Verdict(run.report).sentence)
            let observation = Observation(run.report, at: point, shares: run.shares)
            if !observation.faults.isEmpty {
                StandardError.line("not kept: \(observation.faults.joined(separator: ", "))")
            }
            step = search.measured(observation)
            found = report(search, Provenance(run.report))
            try write(found)
        }
        try write(found)
        return found
    }

    private func measure(
        _ scenario: Scenario, _ point: LoadPoint
    ) throws -> (report: RunReport, shares: [Resource: Double]) {
        let scaled = try scenario.scaled(to: point)
        let plan = try makePlan(scaled, shape.population(of: scaled))
        let watch = ResourceWatch(databaseProcessID: databasePid, beganAt: Coordinator.now)
        let report = try LeadingRun(plan: plan, options: self, observe: watch.watch).run()
        var shares = watch.shares(of: report)
        if let networkGigabits {
            shares[.network] = report.networkShare(bytesPerSecondMax: networkGigabits * 1e9 / 8)
        }
        return (report, shares)
    }

    private func write(_ report: CapacityReport) throws {
        if let path = outputOptions.report, !FileBytes.write(try report.json(), to: path) {
            throw ValidationError("--report \(path) cannot be written")
        }
        if let path = outputOptions.html {
            let page = ReportPage(title: "Capacity", sections: [PageSection(report)])
            guard FileBytes.write(Array(page.html.utf8), to: path) else {
                throw ValidationError("--html \(path) cannot be written")
            }
        }
    }
}

// MARK: - Options

extension CapacityCommand {
    private func numbers(_ text: String, _ name: String, areNeeded: Bool = true) throws -> [Double] {
        let numbers = text.split(separator: ",").map { Double($0) ?? 0 }
        guard !(areNeeded && numbers.isEmpty), numbers.allSatisfy({ $0 > 0 && $0 <= 2e6 }) else {
            throw ValidationError("\(name) '\(text)': numbers above 0 with commas between them are expected")
        }
        return numbers
    }

    /// The other settings that all runs share: the server, and how the load is made.
    private var generatorSetting: [String: String] {
        [
            "url": targetOptions.url, "commit": outputOptions.commit ?? "", "protocol": targetOptions.subprotocol ?? "",
            "writers": "\(generatorOptions.writers)", "streams-per-user": "\(shape.streamsPerUser)",
        ]
    }

    /// The results of an earlier search that wrote the same file; nil when the file does not exist. Rejects a file with
    /// other contents, and runs that cannot be combined with those to come.
    private func earlierReport(_ setting: [String: String]) throws -> CapacityReport? {
        guard let path = outputOptions.report, let json = FileBytes.read(path), !json.isEmpty else { return nil }
        let earlier: CapacityReport
        do {
            earlier = try CapacityReport(json: json)
        } catch {
            throw ValidationError("--report \(path) holds something else, and is left as it is: \(error)")
        }
        let differences = earlier.differences(from: setting)
        guard differences.isEmpty else {
            throw ValidationError(
                "--report \(path) holds runs that differ in \(differences.joined(separator: ", ")): give a new file, or "
                    + "the same options")
        }
        return earlier
    }

    /// The lines of the members file for all numbers of streams and sizes of shops, each line once.
    private func members(_ scenario: Scenario, _ counts: [Int], sizes: [Int]) throws -> [String] {
        var lines: [String] = []
        var known: Set<String> = []
        for count in counts {
            for size in sizes.isEmpty ? [nil] : sizes.map(Optional.some) {
                let point = LoadPoint(connectionCount: count, messagesPerSecond: rateMin, membersPerShop: size)
                shape.population(of: try scenario.scaled(to: point)).forEachMemberLine { line in
                    if known.insert(line).inserted { lines.append(line) }
                }
            }
        }
        return lines
    }

    private func print(_ lines: [String]) throws {
        guard FileBytes.write(Array(lines.map { $0 + "\n" }.joined().utf8), to: 1) else { throw ExitCode.failure }
    }
}
