import FoundationEssentials
import Testing

@testable import LoadGenerator

@Suite struct ReportFileTests {
    @Test func `a report is unchanged after encoding to JSON and decoding`() throws {
        var report = SampleReport(steadySeconds: 5).report()
        report.counters.statuses[503] = 7
        report.counters.disconnectsByCloseCode = [1013: 2]
        report.counters.disconnectsByError = ["ECONNRESET": 3]
        report.counters.upgradeStatuses = [403: 1]
        report.counters.connectErrors = ["ECONNREFUSED": 4]
        report.counters.requestErrors = ["list: status 500": 5]
        report.latencies.deliveryByGroup = [report.latencies.delivery, LatencyDistribution()]
        report.command += " --name \"a / [1, 2]\\\" \u{7f}ü"
        let file = ReportFile(report)
        let json = try file.json()
        #expect(try ReportFile(json: json) == file)
        #expect(try ReportFile(json: json).json() == json)
    }

    @Test func `a report without a server survives too`() throws {
        let file = ReportFile(SampleReport(steadySeconds: 3, watchesServer: false).report())
        #expect(try ReportFile(json: file.json()) == file)
    }

    @Test func `another schema is refused by its number`() throws {
        var report = SampleReport(steadySeconds: 2).report()
        report.schemaVersion = 1
        let json = try ReportFile(report).json()
        #expect(throws: ReportFile.ReadError.schema(1)) { try ReportFile(json: json) }
    }

    @Test(arguments: ["", "{}", "[1]", "{\"report\": {\"schemaVersion\": 3}}"])
    func `a file that is not a report is malformed`(text: String) {
        #expect {
            try ReportFile(json: Array(text.utf8))
        } throws: { error in
            guard case .malformed? = error as? ReportFile.ReadError else { return false }
            return true
        }
    }

    @Test(arguments: ["[[9,1],[3,1]]", "[[9,1],[9,1]]", "[[9]]", "[[9,1,1]]", "[[-9,1]]"])
    func `buckets that are not rising pairs are refused`(buckets: String) throws {
        let text = { (buckets: String) in
            "{\"significantDigits\": 3, \"minimum\": 1, \"maximum\": 9, \"buckets\": \(buckets)}"
        }
        let decoder = JSONDecoder()
        let good = try decoder.decode(LatencyDistribution.self, from: Data(text("[[3,1],[9,2]]").utf8))
        #expect(good.count == 3)
        #expect(throws: DecodingError.self) {
            try decoder.decode(LatencyDistribution.self, from: Data(text(buckets).utf8))
        }
    }

    @Test(arguments: [
        ("[ 1,\n  2 ]", "[1,2]"),
        ("[ [ 1, 2 ],\n [ 3, -4.5e1 ] ]", "[[1,2],[3,-4.5e1]]"),
        ("{ \"a\" : [ \"x\",\n 1 ] }", "{ \"a\" : [ \"x\",\n 1 ] }"),
        ("[ { \"a\" : [ 1, 2 ] } ]", "[ { \"a\" : [1,2] } ]"),
        ("\"[ 1, 2 ] \\\" [ 1 ]\" ", "\"[ 1, 2 ] \\\" [ 1 ]\" "),
        ("[ 1, ", "[ 1, "),
    ]) func `only arrays of numbers are joined`(pair: (String, String)) {
        #expect(StableJSON.joiningNumberArrays(Array(pair.0.utf8)) == Array(pair.1.utf8))
    }
}
