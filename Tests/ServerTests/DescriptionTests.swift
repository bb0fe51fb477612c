import FoundationEssentials
import HTTP
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
    }

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
        let routes = RouteName.routes(hasStream: true, hasDemo: false).map { route in
            "\(route.method)".lowercased() + " " + template(route.pattern)
        }
        let operations = try described().paths.flatMap { path, methods in methods.keys.map { "\($0) \(path)" } }
        #expect(Set(routes) == Set(operations))
        #expect(routes.count == operations.count)
    }

    @Test func `every operation has a name of its own`() throws {
        let names = try described().paths.values.flatMap(\.values).map(\.operationId)
        #expect(Set(names).count == names.count)
    }
}
