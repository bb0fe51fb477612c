import FoundationEssentials
import Testing

@testable import JSON

/// The parsing vectors of JSONTestSuite, which lie beside this checkout in `../shared/vectors/json`.
@Suite struct JSONVectorTests {
    private static let folder = "../shared/vectors/json/test_parsing"

    private static var isRequired: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

    private static var files: [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return all.filter { $0.hasSuffix(".json") }.sorted()
    }

    private static func accepts(_ file: String) throws -> Bool {
        let json = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(file)")))
        return (try? JSONReader.validate(json.span)) != nil
    }

    @Test func `the vectors exist, in CI at least`() {
        if Self.files.isEmpty, !Self.isRequired { print("Skipped: no vectors in \(Self.folder)") }
        #expect(Self.files.count > 300 || (Self.files.isEmpty && !Self.isRequired), "no vectors in \(Self.folder)")
    }

    @Test(arguments: files.filter { $0.hasPrefix("y_") })
    func `vectors that RFC 8259 accepts are accepted`(file: String) throws { #expect(try Self.accepts(file)) }

    @Test(arguments: files.filter { $0.hasPrefix("n_") })
    func `vectors that RFC 8259 refuses are refused`(file: String) throws { #expect(try !Self.accepts(file)) }

    @Test(arguments: files.filter { $0.hasPrefix("i_") })
    func `vectors that RFC 8259 leaves open end without a crash`(file: String) throws { _ = try Self.accepts(file) }
}
