@testable import Server

/// Documents with a few numbers, as a server sends them.
enum LiveDocuments {
    static func reactor(delivered: Int = 0, busy: Int = 0, total: Int = 0, lag: [Int] = [0, 0]) -> String {
        """
        {"streams":1,"connections":2,"delivered":\(delivered),"busy_microseconds":\(busy),
        "total_microseconds":\(total),"lag_microseconds":{"bounds":[100],"counts":\(lag)}}
        """
    }

    static func shop(_ id: String, streams: Int = 1, delivered: Int) -> String {
        "{\"id\":\"\(id)\",\"streams\":\(streams),\"delivered\":\(delivered)}"
    }

    static func figures(
        startedAt: String = "2026-01-01T00:00:00.000000Z", clock: Int = 0, streams: Int = 0, delivered: Int = 0,
        published: Int = 0, slowClosed: Int = 0, latency: [Int] = [0, 0, 0], shops: [String] = [],
        reactors: [String] = [reactor()], readiness: String = "ready", database: String = "null"
    ) -> LiveFigures {
        let json = """
            {"version":"1.2.3","mode":"production","driver":"uring","readiness":"\(readiness)",
            "started_at":"\(startedAt)","uptime_seconds":93784,"clock_microseconds":\(clock),
            "cpu_microseconds":\(clock / 4),"resident_bytes":12345678,"store_kind":"sqlite",
            "streams":{"open":\(streams),"shops":2,"trailing":1,"retained_bytes":2048,"refused":0,
            "slow_closed":\(slowClosed)},
            "messages":{"published":\(published),"delivered":\(delivered),
            "latency_microseconds":{"bounds":[100,1000],"counts":\(latency)}},
            "requests":{"answered":0,"failed":0,"tokens_refused":0},
            "store":{"messages":0,"commits":0,"waiting":0,"errors":0,"database":\(database)},
            "shops":[\(shops.joined(separator: ","))],"reactors":[\(reactors.joined(separator: ","))]}
            """
        guard let figures = LiveFigures(json: Array(json.utf8)) else { preconditionFailure("no document: \(json)") }
        return figures
    }
}
