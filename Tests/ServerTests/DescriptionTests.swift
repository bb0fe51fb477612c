import API
import FoundationEssentials
import HTTP
import Storage
import Testing

@testable import Server

/// The description of the interface, and the table of routes.
@Suite struct DescriptionTests {
    private struct Description: Decodable {
        /// A path's operations by their methods.
        let paths: [String: [String: Operation]]
    }

    private struct Operation: Decodable {
        let operationId: String
        /// By their statuses.
        let responses: [String: Response]
    }

    private struct Response: Decodable {}

    private func described() throws -> Description {
        try JSONDecoder().decode(Description.self, from: Data(PackageResources.openapi_json))
    }

    /// `:name` as `{name}`.
    private func template(_ pattern: String) -> String {
        pattern.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
            .joined(separator: "/")
    }

    @Test func `every route is described, and nothing else is`() throws {
        let routes = RouteTable.rows(hasStream: true, hasDemo: false, hasAdmin: true).map { route in
            "\(route.method)".lowercased() + " " + template(route.pattern)
        }
        let operations = try described().paths.flatMap { path, methods in methods.keys.map { "\($0) \(path)" } }
        #expect(Set(routes) == Set(operations))
        #expect(routes.count == operations.count)
    }

    @Test func `the answers of a failing store are described for every route that uses the store`() throws {
        let statuses = Set(StorageError.Kind.allCases.map(\.httpStatus)).filter { $0 >= 500 }
        for (path, operations) in try described().paths where path.hasPrefix("/api/v1/shops/") {
            for operation in operations.values {
                for status in statuses {
                    #expect(operation.responses[String(status)] != nil, "\(operation.operationId): \(status)")
                }
            }
        }
    }

    @Test func `every operation has a name of its own`() throws {
        let names = try described().paths.values.flatMap(\.values).map(\.operationId)
        #expect(Set(names).count == names.count)
    }
}
