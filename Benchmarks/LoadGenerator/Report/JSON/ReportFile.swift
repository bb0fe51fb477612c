import FoundationEssentials

/// The contents of a report file: the report, and the figures derived from it for readers without this code.
package struct ReportFile: Codable, Equatable, Sendable {
    /// Why a file cannot be read as a report.
    package enum ReadError: Error, Equatable {
        /// It is not JSON of this shape; the text names the place.
        case malformed(String)
        /// Its schema is not `RunReport.schemaVersionCurrent`.
        case schema(Int)
    }

    /// What was measured.
    package let report: RunReport
    /// The figures computed from it when the file was written.
    package let figures: KeyFigures
    /// The verdict when the file was written.
    package let verdict: Verdict

    /// The file of `report`.
    package init(_ report: RunReport) {
        self.report = report
        figures = KeyFigures(report)
        verdict = Verdict(report)
    }

    /// The JSON text in UTF-8: keys in order, indented, arrays of numbers on one line.
    package func json() throws -> [UInt8] { try StableJSON.encode(self) }

    /// Reads what `json` wrote. Computes the figures and the verdict again.
    package init(json: [UInt8]) throws(ReadError) {
        struct Schema: Decodable {
            struct Report: Decodable { let schemaVersion: Int }
            let report: Report
        }
        struct Content: Decodable { let report: RunReport }
        let decoder = JSONDecoder()
        let data = Data(json)
        do {
            let version = try decoder.decode(Schema.self, from: data).report.schemaVersion
            guard version == RunReport.schemaVersionCurrent else { throw ReadError.schema(version) }
            self.init(try decoder.decode(Content.self, from: data).report)
        } catch let error as ReadError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
    }
}
