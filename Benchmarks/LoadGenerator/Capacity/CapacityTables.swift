/// The tables of a capacity report as cells of text, shared by the terminal and the page.
struct CapacityTables {
    /// A heading, a header, rows, and a note below.
    struct Table {
        let title: String
        let header: [String]
        let rows: [[String]]
        let note: String
    }

    let report: CapacityReport

    /// The tables that have rows.
    var all: [Table] { [knees, costs, plan].compactMap { $0 }.filter { !$0.rows.isEmpty } }

    private var knees: Table {
        let rows = report.knees.map { knee in
            [
                NumberText.count(knee.connectionCount), knee.objective.name,
                knee.messagesPerSecond.map { NumberText.rate($0) } ?? "none",
                knee.failingMessagesPerSecond.map { NumberText.rate($0) } ?? "not reached",
                knee.limit?.name ?? (knee.failingMessagesPerSecond == nil ? "–" : "nothing watched was full"),
            ]
        }
        return Table(
            title: "Knees", header: ["streams", "objective", "kept up to", "fails from", "what limits"], rows: rows,
            note: "The highest rate of messages that keeps to the objective with nothing lost or refused, and the "
                + "lowest that does not. \(watchedText)")
    }

    /// Names the resources that were watched, so that the others are not assumed to be idle.
    private var watchedText: String {
        let seen = report.observations.reduce(into: Set<Resource>()) { $0.formUnion($1.shares.keys) }
        let names = { (resources: [Resource]) in resources.map(\.name).joined(separator: ", ") }
        let unseen = Resource.allCases.filter { !seen.contains($0) }
        let watched = "Watched: \(names(Resource.allCases.filter(seen.contains)))."
        return unseen.isEmpty ? watched : "\(watched) Not measured: \(names(unseen))."
    }

    private var costs: Table? {
        guard let model = report.model else { return nil }
        let row = { (name: String, fit: CostModel.Fit?, quantity: CapacityPlan.Quantity) -> [String]? in
            guard let fit else { return nil }
            let cell = { (cost: Double) in cost > 0 ? quantity.text(ofCost: cost) : "–" }
            return [
                name, fit.base > 0 ? quantity.text(fit.base) : "–",
                cell(fit.perConnection) + (fit.perConnection > 0 && quantity == .processors ? "/s" : ""),
                cell(fit.perDelivery),
                cell(fit.perMessage),
                "\(NumberText.percent(fit.heldOutErrorMedian)), max \(NumberText.percent(fit.heldOutErrorMax))",
            ]
        }
        var remarks = ""
        if !model.measured.tellsMessagesFromDeliveries {
            remarks += " All messages went to as many members, so deliveries carry the cost of their message."
        }
        if !model.measured.tellsConnectionsFromBase {
            remarks += " All runs had about as many streams, so the node's share holds theirs."
        }
        if let stored = model.userBytes?.perStoredMessage, stored >= 1 {
            remarks += " The server's memory grew by \(NumberText.bytes(stored)) with each message of earlier runs."
        }
        return Table(
            title: "Costs", header: ["of", "node", "a stream", "a delivery", "a message", "error"],
            rows: [
                row("CPU", model.processors, .processors), row("user memory", model.userBytes, .memory),
                row("kernel memory", model.kernelBytes, .memory), row("network", model.networkBytes, .bandwidth),
            ].compactMap { $0 },
            note:
                "Least squares over \(NumberText.counted(model.processors.sampleCount, "run", "runs")), no cost below "
                + "0. The error is that of each run foretold by those of other loads.\(remarks)")
    }

    private var plan: Table? {
        guard let plan = report.plan else { return nil }
        let rows = plan.lines.map { line in
            [
                line.quantity.name, line.quantity.text(line.totalUsed), line.quantity.text(line.usedPerNode),
                "\(NumberText.percent(line.usableShare)) of \(line.quantity.text(line.nodeHas))",
                NumberText.significant(line.nodesNeeded), line.formula,
            ]
        }
        let demand = plan.demand
        return Table(
            title: "Plan: \(NumberText.counted(plan.nodeCount, "node", "nodes"))",
            header: ["resource", "in all", "each node", "usable", "nodes", "formula"], rows: rows,
            note: "For \(NumberText.count(Int(demand.connectionCount))) streams, "
                + "\(NumberText.perSecond(demand.messagesPerSecond, "messages")) to "
                + "\(NumberText.significant(demand.membersPerShop)) members each, "
                + "\(NumberText.percent(demand.headroom)) headroom; decided by \(plan.decidedBy.name). "
                + "nodes = load ÷ (usable − node's own). Bandwidth is that above TCP; headers come on top, and so do "
                + "the messages that a store keeps in memory.")
    }
}
