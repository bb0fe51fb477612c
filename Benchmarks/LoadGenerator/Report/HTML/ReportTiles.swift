/// The key figures at the top of a page: a name, a figure, and its reference.
struct ReportTiles {
    /// The emphasis of a tile.
    enum Tone: String {
        case plain
        case lead
        case good
        case bad
    }

    /// One figure.
    struct Tile {
        let name: String
        let figure: String
        let note: String
        var tone = Tone.plain
    }

    let tiles: [Tile]

    init(_ report: RunReport) {
        let figures = KeyFigures(report)
        tiles =
            Self.latencies(report) + Self.load(report, figures) + Self.correctness(report.counters)
            + Self.server(report, figures) + Self.generator(figures)
    }

    /// The list of tiles.
    func html() -> String {
        let items = tiles.map { tile in
            "<li class=\"card \(tile.tone.rawValue)\"><span class=\"name\">\(HTMLText.escaped(tile.name))</span>"
                + "<b>\(HTMLText.figure(tile.figure))</b><span class=\"note\">\(HTMLText.escaped(tile.note))</span></li>\n"
        }
        return "<ul class=\"tiles\">\n\(items.joined())</ul>\n"
    }

    private static func latencies(_ report: RunReport) -> [Tile] {
        let delivery = report.latencies.delivery
        let ranks = [("p50", 50.0, Tone.plain), ("p99", 99, .lead), ("p99.9", 99.9, .plain)]
        return ranks.compactMap { name, rank, tone in
            guard let value = delivery.value(atPercentile: rank) else { return nil }
            let post = report.latencies.post.value(atPercentile: rank).map { "POST \(NumberText.duration($0))" }
            return Tile(
                name: "Delivery \(name)", figure: NumberText.duration(value),
                note: rank == 99.9 ? "max \(NumberText.duration(delivery.maximum))" : post ?? "", tone: tone)
        }
    }

    private static func load(_ report: RunReport, _ figures: KeyFigures) -> [Tile] {
        let wanted = report.scenario.connectionCount
        let open = figures.openConnectionsMin
        var tiles = [
            Tile(
                name: "Open streams", figure: NumberText.count(open),
                note: open >= wanted ? "all that were asked for" : "of \(NumberText.count(wanted)) asked for")
        ]
        if figures.offeredPerSecond > 0 {
            tiles.append(
                Tile(
                    name: "Messages answered", figure: NumberText.rate(figures.answeredPerSecond),
                    note: "of \(NumberText.rate(figures.offeredPerSecond)) offered"))
            tiles.append(
                Tile(
                    name: "Deliveries", figure: NumberText.rate(figures.deliveredPerSecond),
                    note: "\(NumberText.significant(report.scenario.membersPerShop)) members a shop"))
        }
        return tiles
    }

    private static func correctness(_ counters: Counters) -> [Tile] {
        let broken = counters.lost + counters.violations
        return [
            Tile(
                name: "Lost or wrong", figure: NumberText.count(broken),
                note: "of \(NumberText.count(counters.expectedDeliveries)) deliveries", tone: broken == 0 ? .good : .bad
            ),
            Tile(
                name: "Ended early", figure: NumberText.count(counters.disconnects),
                note: "of \(NumberText.count(counters.connectsSucceeded)) streams",
                tone: counters.disconnects == 0 ? .good : .bad),
        ]
    }

    private static func server(_ report: RunReport, _ figures: KeyFigures) -> [Tile] {
        guard let server = report.server else { return [] }
        var tiles: [Tile] = []
        if let cores = figures.serverCores, let share = figures.serverBusyShare {
            let cost = figures.serverMicrosecondsPerDelivery.map { ", \(NumberText.significant($0)) µs a delivery" }
            tiles.append(
                Tile(
                    name: "Server CPU", figure: NumberText.percent(share),
                    note: "\(NumberText.significant(cores)) of \(server.usableProcessorCount) processors\(cost ?? "")"))
        }
        if let bytes = figures.userBytesPerConnection {
            tiles.append(Tile(name: "Server memory", figure: NumberText.bytes(bytes), note: "resident, each stream"))
        }
        if let bytes = figures.kernelBytesPerConnection {
            let ends = report.environment.sharesMachineWithServer ? "both ends of each stream" : "each stream"
            tiles.append(Tile(name: "Kernel memory", figure: NumberText.bytes(bytes), note: ends))
        }
        return tiles
    }

    private static func generator(_ figures: KeyFigures) -> [Tile] {
        guard let lateness = figures.latenessP99Nanoseconds else { return [] }
        let busy = figures.generatorBusyShareMax.map { "busiest reactor \(NumberText.percent($0))" }
        let cost = figures.generatorMicrosecondsPerDelivery.map { "\(NumberText.significant($0)) µs a delivery" }
        let note = [busy, cost].compactMap { $0 }.joined(separator: ", ")
        return [Tile(name: "Generator late (p99)", figure: NumberText.duration(lateness), note: note)]
    }
}
