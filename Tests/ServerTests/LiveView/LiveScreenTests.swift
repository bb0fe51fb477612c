import Testing

@testable import Server

@Suite struct LiveScreenTests {
    private static func shops(_ count: Int, delivered: Int) -> [String] {
        (0..<count).map { LiveDocuments.shop("shop-\($0)", streams: 100 - $0, delivered: delivered) }
    }

    private func screen(shops: Int = 2, reactors: Int = 2, problem: String? = nil) -> LiveScreen {
        let reactor = LiveDocuments.reactor(delivered: 0, busy: 0, total: 0)
        let later = LiveDocuments.reactor(delivered: 500, busy: 300_000, total: 1_000_000, lag: [98, 2])
        let earlier = LiveDocuments.figures(
            clock: 0, slowClosed: 1, shops: Self.shops(1, delivered: 100),
            reactors: Array(repeating: reactor, count: reactors))
        let figures = LiveDocuments.figures(
            clock: 1_000_000, streams: 1_234, delivered: 1_000, published: 10, slowClosed: 3, latency: [90, 10, 0],
            shops: Self.shops(shops, delivered: 350), reactors: Array(repeating: later, count: reactors))
        return LiveScreen(
            url: "http://127.0.0.1:8080", interval: LiveInterval(from: earlier, to: figures), problem: problem)
    }

    @Test func `all lines are the head, the summary and the tables`() {
        #expect(
            screen().lines.map(\.text) == [
                "shopstream 1.2.3  http://127.0.0.1:8080  up 1 d 2 h",
                "ready, production, uring, sqlite, CPU 25 %, memory 12 MB",
                "",
                "Streams       1,234 in 2 shops",
                "Deliveries    1,000/s of 10/s events",
                "Latency       p50 56 µs, p99 910 µs from publish to send",
                "Requests      0/s, 0/s failed, refused: 0/s tokens, 0/s streams",
                "Slow clients  1 behind with 2.0 kB, closed: 2 since the last figures, 3 in all",
                "Store         0/s commits, 0/s messages, 0 waiting, 0/s errors",
                "",
                "REACTOR  STREAMS  CONNECTIONS  BUSY   LAG P99  DELIVERIES  MAILBOX  BEHIND  SLOW",
                "      0        1            2  30 %  > 100 µs       500/s        0     0 B     0",
                "      1        1            2  30 %  > 100 µs       500/s        0     0 B     0",
                "",
                "SHOP    STREAMS  DELIVERIES",
                "shop-0      100       250/s",
                "shop-1       99           –",
            ])
    }

    @Test func `before the first answer, and after one, a failure is shown`() {
        #expect(LiveScreen(url: "http://x").lines.last?.text == "Asking the server …")
        let failed = LiveScreen(url: "http://x", problem: "x: Connection refused").lines
        #expect(failed.last == .init(text: "No answer: x: Connection refused", style: .bad))
        let stale = screen(problem: "Connection refused").lines[2]
        #expect(stale == .init(text: "No answer, these are old figures: Connection refused", style: .bad))
    }

    @Test func `a server that is not ready stands out`() {
        let figures = LiveDocuments.figures(readiness: "draining")
        let line = LiveScreen(url: "", interval: LiveInterval(from: nil, to: figures)).lines[1]
        #expect(line.style == .bad && line.text.hasPrefix("draining, "))
    }

    @Test func `the database is part of the store's line`() {
        let database = #"{"connections":4,"ready":3,"pending_reads":1,"pending_writes":2}"#
        let figures = LiveDocuments.figures(database: database)
        let lines = LiveScreen(url: "", interval: LiveInterval(from: nil, to: figures)).lines
        #expect(lines.contains { $0.text.hasSuffix("3 of 4 connections, 1 reads and 2 writes pending") })
    }

    @Test(arguments: [
        LiveScreen.Size(columns: 80, rows: 24), .init(columns: 200, rows: 60), .init(columns: 20, rows: 10),
        .init(columns: 1, rows: 1), .init(columns: 40, rows: 16),
    ])
    func `a terminal is filled to its last row and not beyond its columns`(size: LiveScreen.Size) {
        for screen in [screen(shops: 20, reactors: 8), screen(shops: 0), LiveScreen(url: "http://x")] {
            let lines = screen.lines(fitting: size)
            #expect(lines.count == size.rows)
            #expect(lines.allSatisfy { LiveText.width($0.text) <= size.columns })
        }
    }

    @Test func `reactors and shops share the rows, and what has none is counted`() {
        let few = screen(shops: 20, reactors: 2).lines(fitting: .init(columns: 80, rows: 24)).map(\.text)
        #expect(few.contains { $0.hasPrefix("      1 ") })
        #expect(few.contains { $0.hasPrefix("shop-6        94 ") } && !few.contains { $0.hasPrefix("shop-7 ") })
        #expect(few.contains("… and 13 more") && few.last == "q ends")
        let many = screen(shops: 20, reactors: 64).lines(fitting: .init(columns: 80, rows: 24)).map(\.text)
        #expect(many.contains { $0.hasPrefix("      3 ") } && !many.contains { $0.hasPrefix("      4 ") })
        #expect(many.contains("… and 60 more") && many.contains("… and 16 more"))
    }

    @Test func `a shop's id cannot control the terminal`() {
        let figures = LiveDocuments.figures(shops: [LiveDocuments.shop(#"\u001b]0;x\u0007<b>"#, delivered: 1)])
        let lines = LiveScreen(url: "", interval: LiveInterval(from: nil, to: figures)).lines
        #expect(lines.last?.text.hasPrefix("\u{FFFD}]0;x\u{FFFD}<b>") == true)
        #expect(lines.allSatisfy { $0.text.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
    }
}
