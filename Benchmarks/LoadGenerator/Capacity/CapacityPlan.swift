/// The number of nodes that a demand needs, and the resource that determines it.
///
/// For each resource, with n nodes that share the demand evenly: base + load ÷ n ≤ usable share × what a node has, so
/// n ≥ load ÷ (usable share × has − base). The usable share is 1 − headroom, and for processors at most the share at
/// the knee. The resource that needs the most nodes decides.
package struct CapacityPlan: Codable, Equatable, Sendable {
    /// Why there is no plan.
    package enum PlanError: Error, Equatable, CustomStringConvertible {
        /// Too few load points were measured with the server's process watched; how many there were.
        case tooFewPoints(Int)
        /// All runs had about as many streams, so their cost cannot be separated from the node's own.
        case streamsNotTold
        /// The base cost alone fills a node.
        case nodeTooSmall(Quantity)

        package var description: String {
            switch self {
            case .tooFewPoints(let count):
                "the server was watched at \(NumberText.counted(count, "load point", "load points")) that it kept up "
                    + "with, and costs need \(CostModel.pointCountMin)"
            case .streamsNotTold:
                "all runs had about as many streams, so the cost of a stream is unknown: search with at least two "
                    + "numbers, one twice the other"
            case .nodeTooSmall(let quantity):
                "what a node may use of its \(quantity.name) is full before it serves a stream"
            }
        }
    }

    /// A resource of a node.
    package enum Quantity: String, Codable, CaseIterable, Sendable {
        case processors
        case memory
        case bandwidth
    }

    /// One resource's part of a plan.
    package struct Line: Codable, Equatable, Sendable {
        /// The resource.
        var quantity: Quantity
        /// The number of nodes that this resource alone would need; may be fractional.
        var nodesNeeded: Double
        /// What all nodes together use of it.
        var totalUsed: Double
        /// What each node uses of it.
        var usedPerNode: Double
        /// What a node has of it.
        var nodeHas: Double
        /// The part of it that the plan may use.
        var usableShare: Double
        /// The derivation of `totalUsed`, with its numbers.
        var formula: String
    }

    /// The demand that was planned for.
    let demand: Demand
    /// The number of nodes, at least 1.
    let nodeCount: Int
    /// The resources, in the order of `Quantity`; one that was not measured has no line.
    let lines: [Line]
    /// The resource that needs the most nodes.
    let decidedBy: Quantity
    /// Where the plan goes beyond the measurements or omits what was not measured, in words.
    let extrapolations: [String]

    /// Plans for `demand` with `model`. O(1).
    package init(_ demand: Demand, by model: CostModel) throws(PlanError) {
        guard model.measured.tellsConnectionsFromBase else { throw .streamsNotTold }
        var drafts: [(quantity: Quantity, fit: CostModel.Fit, has: Double)] = [
            (.processors, model.processors, demand.node.processorCount)
        ]
        if let memory = Self.memoryFit(model) { drafts.append((.memory, memory, demand.node.memoryByteCount)) }
        if let network = model.networkBytes {
            drafts.append((.bandwidth, network, demand.node.networkBytesPerSecond))
        }
        var needs: [Double] = []
        for draft in drafts {
            let room = demand.usableShare(of: draft.quantity) * draft.has - draft.fit.base
            guard room > 0 else { throw .nodeTooSmall(draft.quantity) }
            needs.append(Self.load(demand, draft.fit) / room)
        }
        // A rounding error must not cost a node.
        let nodeCount = max(1, Int(((needs.max() ?? 0) * (1 - 1e-9)).rounded(.up)))
        lines = zip(drafts, needs).map { draft, need in
            let total = draft.fit.base * Double(nodeCount) + Self.load(demand, draft.fit)
            return Line(
                quantity: draft.quantity, nodesNeeded: need, totalUsed: total, usedPerNode: total / Double(nodeCount),
                nodeHas: draft.has, usableShare: demand.usableShare(of: draft.quantity),
                formula: Self.formula(demand, draft.fit, draft.quantity, nodeCount: nodeCount))
        }
        decidedBy = zip(drafts, needs).max { $0.1 < $1.1 }?.0.quantity ?? .processors
        extrapolations = Self.extrapolations(demand, model, nodeCount: nodeCount)
        self.nodeCount = nodeCount
        self.demand = demand
    }

    /// The part that grows with the demand, over all nodes.
    private static func load(_ demand: Demand, _ fit: CostModel.Fit) -> Double {
        fit.value(
            connections: demand.connectionCount, deliveriesPerSecond: demand.deliveriesPerSecond,
            messagesPerSecond: demand.messagesPerSecond) - fit.base
    }

    /// The memory of the process and of the kernel together; nil when the process's was not measured.
    private static func memoryFit(_ model: CostModel) -> CostModel.Fit? {
        guard var fit = model.userBytes else { return nil }
        fit.base += model.kernelBytes?.base ?? 0
        fit.perConnection += model.kernelBytes?.perConnection ?? 0
        return fit
    }

    private static func formula(
        _ demand: Demand, _ fit: CostModel.Fit, _ quantity: Quantity, nodeCount: Int
    ) -> String {
        let perSecond = quantity == .processors ? "/s" : ""
        let terms: [(count: Double, name: String, cost: Double, text: String)] = [
            (Double(nodeCount), nodeCount == 1 ? "node" : "nodes", fit.base, quantity.text(fit.base)),
            (
                demand.connectionCount, "streams", fit.perConnection,
                quantity.text(ofCost: fit.perConnection) + perSecond
            ),
            (demand.deliveriesPerSecond, "deliveries/s", fit.perDelivery, quantity.text(ofCost: fit.perDelivery)),
            (demand.messagesPerSecond, "messages/s", fit.perMessage, quantity.text(ofCost: fit.perMessage)),
        ]
        let shown = terms.filter { $0.cost > 0 && $0.count > 0 }.map { term in
            "\(NumberText.shortCount(term.count)) \(term.name) × \(term.text)"
        }
        return shown.isEmpty ? "0" : shown.joined(separator: " + ")
    }

    private static func extrapolations(_ demand: Demand, _ model: CostModel, nodeCount: Int) -> [String] {
        let nodes = Double(nodeCount)
        let measured = model.measured
        var found: [String] = []
        func compare(_ perNode: Double, _ greatest: Double, _ name: String) {
            guard perNode > greatest * (1 + 1e-9) else { return }
            found.append(
                "\(NumberText.count(Int(perNode.rounded()))) \(name) on a node, measured up to "
                    + NumberText.count(Int(greatest.rounded())))
        }
        compare(demand.connectionCount / nodes, measured.connectionCount, "streams")
        compare(demand.deliveriesPerSecond / nodes, measured.deliveriesPerSecond, "deliveries/s")
        compare(demand.messagesPerSecond / nodes, measured.messagesPerSecond, "messages/s")
        let members = demand.membersPerShop
        if demand.messagesPerSecond > 0,
            members < measured.membersPerShopMin * 0.99 || members > measured.membersPerShopMax * 1.01
        {
            found.append(
                "\(NumberText.significant(members)) members a shop, measured "
                    + "\(NumberText.significant(measured.membersPerShopMin)) to "
                    + NumberText.significant(measured.membersPerShopMax))
        }
        if model.userBytes != nil, model.kernelBytes == nil {
            found.append("memory without the kernel's, which was not measured")
        }
        if demand.processorShareMax == nil {
            found.append("CPU filled up to the headroom alone: no knee was found at which the CPU may be the limit")
        }
        if nodeCount > 1 { found.append("\(NumberText.count(nodeCount)) nodes, measured with one") }
        return found
    }
}

extension CapacityPlan.Quantity {
    /// A unit cost as text. A processor is a second of CPU per second, so events that are counted per second cost
    /// microseconds, and permanent things cost microseconds per second.
    func text(ofCost cost: Double) -> String {
        switch self {
        case .processors: "\(NumberText.significant(cost * 1e6)) µs"
        case .memory, .bandwidth: NumberText.bytes(cost)
        }
    }

    /// An amount as text.
    func text(_ amount: Double) -> String {
        switch self {
        case .processors: NumberText.significant(amount)
        case .memory: NumberText.bytes(amount)
        case .bandwidth: "\(NumberText.bytes(amount))/s"
        }
    }

    /// The name in tables.
    var name: String {
        switch self {
        case .processors: "processors"
        case .memory: "memory"
        case .bandwidth: "bandwidth"
        }
    }
}
