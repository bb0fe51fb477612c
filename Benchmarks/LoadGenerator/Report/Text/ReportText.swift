/// A report in lines for a terminal, 80 characters wide, without colours.
package struct ReportText: Sendable {
    /// The lines, without line feeds.
    package let lines: [String]

    /// The text, each line ending in a line feed.
    package var text: String { lines.map { $0 + "\n" }.joined() }

    /// The summary of `report`. O(seconds + buckets).
    package init(_ report: RunReport) {
        let figures = KeyFigures(report)
        lines =
            Self.title(report) + [""] + TextColumns.wrap(Verdict(report).sentence, width: TextColumns.width)
            + [""] + Self.latencies(report, figures) + [""] + Self.load(report, figures)
            + Self.counters(report.counters, figures) + Self.server(report, figures) + [""] + Self.origin(report)
    }

    private static func title(_ report: RunReport) -> [String] {
        TextColumns.wrap(ReportWords.title(report), width: TextColumns.width)
    }

    private static func latencies(_ report: RunReport, _ figures: KeyFigures) -> [String] {
        let rows = ReportWords.distributions(report).filter { !$0.distribution.isEmpty }
        let header = TextColumns.row("latency", ReportWords.percentiles.map(\.name) + ["max"])
        return [header] + rows.map { row in TextColumns.row(row.name, ReportWords.cells(row.distribution)) }
            + TextColumns.labelled("not in these", parts: ReportWords.withoutLatency(figures))
    }

    private static func load(_ report: RunReport, _ figures: KeyFigures) -> [String] {
        let rates = [
            "offered \(NumberText.rate(figures.offeredPerSecond))", "sent \(NumberText.rate(figures.sentPerSecond))",
            "accepted \(NumberText.rate(figures.answeredPerSecond))",
            "delivered \(NumberText.rate(figures.deliveredPerSecond))",
        ]
        var generator = [ReportWords.generator(report.generator)]
        if let busy = figures.generatorBusyShareMax { generator.append("busiest \(NumberText.percent(busy))") }
        if let cost = figures.generatorMicrosecondsPerDelivery {
            generator.append("\(NumberText.significant(cost)) µs a delivery")
        }
        return TextColumns.labelled("load", parts: rates) + TextColumns.labelled("generator", parts: generator)
    }

    private static func counters(_ counters: Counters, _ figures: KeyFigures) -> [String] {
        ReportWords.counterGroups(counters, figures).flatMap { group in
            TextColumns.labelled(group.name, parts: group.rows.map { "\($0.name) \(NumberText.count($0.count))" })
        }
    }

    private static func server(_ report: RunReport, _ figures: KeyFigures) -> [String] {
        guard let server = report.server else { return TextColumns.labelled("server", "not watched") }
        var lines: [String] = []
        if let user = figures.serverUserCores, let system = figures.serverSystemCores {
            var parts = [
                "CPU \(NumberText.significant(user + system)) of \(server.usableProcessorCount) processors",
                "user \(NumberText.significant(user))", "kernel \(NumberText.significant(system))",
            ]
            if let cost = figures.serverMicrosecondsPerDelivery {
                parts.append("\(NumberText.significant(cost)) µs a delivery")
            }
            lines += TextColumns.labelled("server", parts: parts)
        }
        var memory: [String] = []
        if let user = figures.userBytesPerConnection { memory.append("user \(NumberText.bytes(user)) a stream") }
        if let kernel = figures.kernelBytesPerConnection {
            let ends = report.environment.sharesMachineWithServer ? " (both ends)" : ""
            memory.append("kernel \(NumberText.bytes(kernel)) a stream\(ends)")
        }
        return lines + (memory.isEmpty ? [] : TextColumns.labelled("memory", parts: memory))
    }

    private static func origin(_ report: RunReport) -> [String] {
        TextColumns.labelled("machine", ReportWords.machine(report.environment))
            + TextColumns.labelled("measured", "\(report.startedAt), shopload \(ReportWords.version(report))")
            + TextColumns.labelled("repeat", report.command)
    }
}
