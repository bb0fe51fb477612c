/// The live view as lines of text: a function of what is known of a server, and of a size.
struct LiveScreen: Sendable {
    /// A line, and how a terminal shows it.
    struct Line: Hashable, Sendable {
        enum Style: Hashable, Sendable {
            case plain, title, heading, quiet, bad
        }

        var text: String
        var style = Style.plain
    }

    /// Cells of a terminal.
    struct Size: Hashable, Sendable {
        let columns: Int
        let rows: Int
    }

    /// The server, as its user named it.
    let url: String
    /// Nil before the first answer.
    var interval: LiveInterval?
    /// Why the last request had no answer; nil when it had one.
    var problem: String?

    /// All lines, for a script or a file.
    var lines: [Line] {
        guard let interval else { return head }
        let reactors = Self.reactors(interval)
        let shops = Self.shops(interval)
        return head + summary(interval) + table(reactors, rowCountMax: .max) + table(shops, rowCountMax: .max)
    }

    /// The lines that fit a terminal. The tables of reactors and shops share the rows that the rest leaves.
    func lines(fitting size: Size) -> [Line] {
        var lines = head
        if let interval {
            lines += summary(interval)
            let reactors = Self.reactors(interval)
            let shops = Self.shops(interval)
            // Each table has an empty line and its titles; the last line of the screen is the help.
            let room = size.rows - lines.count - 5
            let reactorCount = min(reactors.count - 1, max(room - (shops.count - 1), room / 2))
            lines += table(reactors, rowCountMax: reactorCount)
            lines += table(shops, rowCountMax: room - reactorCount)
        }
        lines = Array(lines.prefix(max(0, size.rows - 1)))
        lines += Array(repeating: Line(text: ""), count: max(0, size.rows - 1 - lines.count))
        lines.append(Line(text: "q ends", style: .quiet))
        return lines.map { Line(text: LiveText.cut($0.text, toWidth: size.columns), style: $0.style) }
    }

    // MARK: - The head and the summary

    private var head: [Line] {
        guard let interval else {
            return [
                Line(text: "shopstream  \(LiveText.safe(url))", style: .title), Line(text: ""),
                problem.map { Line(text: "No answer: \(LiveText.safe($0))", style: .bad) }
                    ?? Line(text: "Asking the server …", style: .quiet),
            ]
        }
        let figures = interval.figures
        let version = LiveText.safe(figures.version)
        let cpu = LiveText.percent(interval.rate(\.cpuSeconds))
        let facts = [figures.readiness, figures.mode, figures.driver, figures.storeKind].map(LiveText.safe)
        let state =
            facts.joined(separator: ", ") + ", CPU \(cpu), memory \(LiveText.bytes(figures.residentBytes))"
        return [
            Line(
                text: "shopstream \(version)  \(LiveText.safe(url))  up \(LiveText.uptime(figures.uptimeSeconds))",
                style: .title),
            Line(text: state, style: figures.readiness == "ready" ? .plain : .bad),
            problem.map { Line(text: "No answer, these are old figures: \(LiveText.safe($0))", style: .bad) }
                ?? Line(text: ""),
        ]
    }

    private func summary(_ interval: LiveInterval) -> [Line] {
        let figures = interval.figures
        let (count, rate) = (LiveText.count, LiveText.rate)
        let (median, high) = (interval.quantile(0.5, of: \.latency), interval.quantile(0.99, of: \.latency))
        let slow = interval.growth(\.slowClosed).map(count) ?? LiveText.none
        var store = "\(rate(interval.rate(\.commits))) commits, \(rate(interval.rate(\.stored))) messages, "
        store += "\(count(figures.waiting)) waiting, \(rate(interval.rate(\.storeErrors))) errors"
        if let database = figures.database {
            store += ", \(count(database.ready)) of \(count(database.connections)) connections, "
            store += "\(count(database.pendingReads)) reads and \(count(database.pendingWrites)) writes pending"
        }
        if let waiting = figures.takeoverWaiting, waiting > 0 { store += ", \(count(waiting)) wait for the takeover" }
        let rows: [(String, String)] = [
            ("Streams", "\(count(figures.streams)) in \(count(figures.shops)) shops"),
            ("Deliveries", "\(rate(interval.rate(\.delivered))) of \(rate(interval.rate(\.published))) events"),
            ("Latency", "p50 \(LiveText.time(median)), p99 \(LiveText.time(high)) from publish to send"),
            (
                "Requests",
                "\(rate(interval.rate(\.answered))), \(rate(interval.rate(\.failed))) failed, refused: "
                    + "\(rate(interval.rate(\.tokensRefused))) tokens, \(rate(interval.rate(\.streamsRefused))) streams"
            ),
            (
                "Slow clients",
                "\(count(figures.trailing)) behind with \(LiveText.bytes(figures.retainedBytes)), "
                    + "closed: \(slow) since the last figures, \(count(figures.slowClosed)) in all"
            ),
            ("Store", store),
        ]
        return rows.map { name, text in
            Line(text: name + String(repeating: " ", count: 14 - name.count) + text)
        }
    }

    // MARK: - The tables

    private static func reactors(_ interval: LiveInterval) -> [String] {
        var table = LiveTable([
            ("REACTOR", .right), ("STREAMS", .right), ("CONNECTIONS", .right), ("BUSY", .right), ("LAG P99", .right),
            ("DELIVERIES", .right), ("MAILBOX", .right), ("BEHIND", .right), ("SLOW", .right),
        ])
        for (index, reactor) in interval.figures.reactors.enumerated() {
            table.append([
                "\(index)", LiveText.count(reactor.streams), LiveText.count(reactor.connections),
                LiveText.percent(interval.busyShare(ofReactor: index)),
                LiveText.time(interval.quantile(0.99) { $0.reactors[index].lag }),
                LiveText.rate(interval.rate { $0.reactors[index].delivered }),
                LiveText.count(reactor.pendingCommands), LiveText.bytes(reactor.retainedBytes),
                LiveText.count(reactor.slowClosed),
            ])
        }
        return table.lines()
    }

    private static func shops(_ interval: LiveInterval) -> [String] {
        var table = LiveTable([("SHOP", .left), ("STREAMS", .right), ("DELIVERIES", .right)])
        for shop in interval.figures.busiestShops {
            table.append([
                LiveText.safe(shop.id), LiveText.count(shop.streams), LiveText.rate(interval.deliveryRate(of: shop)),
            ])
        }
        return table.lines()
    }

    /// An empty line, the titles, and the first rows. The last one says how many there are no lines for.
    private func table(_ lines: [String], rowCountMax: Int) -> [Line] {
        guard lines.count > 1, rowCountMax > 0 else { return [] }
        var rows = Array(lines.dropFirst())
        if rows.count > rowCountMax {
            let missingCount = rows.count - rowCountMax + 1
            rows = rows.prefix(rowCountMax - 1) + ["… and \(missingCount) more"]
        }
        return [Line(text: ""), Line(text: lines[0], style: .heading)] + rows.map { Line(text: $0) }
    }
}
