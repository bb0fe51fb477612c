import API
import Auth
import Chat
import HTTP
import Primitives
import Storage
import Testing

/// `cases.json`, each case as a call of a handler.
@Suite struct CaseTests {
    private static let table = Result { try CaseTable.read() }

    private static var functionCases: [Case] {
        ((try? table.get())?.cases ?? []).filter { $0.only != .socket }
    }

    @Test(arguments: functionCases)
    func `each request has its expected answer`(_ expected: Case) async throws {
        let given = expected.given ?? Case.Given()
        var run = try await CaseRun(isSigned: given.isSigned ?? false, isFull: given.isFull ?? false)
        let context = run.context
        for request in expected.before ?? [] { try await run.send(request, in: expected.name) }
        let (publishedBefore, writesBefore) = (context.published.count, context.writeCount)
        context.exhausted = given.exhausted ?? []
        context.storeFailure = given.store
        if given.store == .now { context.memory.fail() }
        if given.areImagesLost == true { context.images = MemoryImageStore() }
        context.mayReadMetrics = given.isMetricsRefused != true
        context.readiness = try readiness(given.readiness)
        try await run.send(expected.request, in: expected.name)
        if let events = expected.published {
            let published = context.published[publishedBefore...]
            #expect(published.map { "\($0.kind.name)" } == events, "\(expected.name)")
            #expect(published.allSatisfy { $0.shop.text == "shop" })
        }
        if expected.request.code?.utf8.starts(with: "storage_".utf8) == true, given.readiness == nil {
            #expect(!context.storageFailures.isEmpty, "\(expected.name): the failure was not counted")
        }
        if expected.request.status ?? 200 >= 300 {
            #expect(context.writeCount - writesBefore == context.returnedWriteCount, "\(expected.name): a write counts")
        }
        #expect(context.shops.areIdle)
        (context.exhausted, context.storeFailure) = ([], nil)
        for request in expected.after ?? [] { try await run.send(request, in: expected.name) }
    }

    private func readiness(_ name: String?) throws -> Readiness {
        switch name {
        case nil: return .ready
        case "draining": return .draining
        case "storeInUse": return .storeInUse
        case "unavailable": return .failed(.unavailable)
        case let name?:
            Issue.record("no such state: \(name)")
            return .ready
        }
    }

    // MARK: - The table

    @Test func `every route has a case`() throws {
        let cases = try Self.table.get().cases
        for route in RouteName.allCases {
            #expect(cases.contains { $0.route == "\(route)" }, "\(route)")
        }
    }

    @Test func `every error of the table is expected by a case or answered elsewhere`() throws {
        let table = try Self.table.get()
        let expected = Set(table.cases.compactMap(\.request.code))
        for code in APIError.Code.allCases {
            let isElsewhere = table.answeredElsewhere[code.rawValue] != nil
            #expect(expected.contains(code.rawValue) != isElsewhere, "\(code.rawValue)")
        }
        for code in table.answeredElsewhere.keys { #expect(APIError.Code(rawValue: code) != nil, "\(code)") }
    }

    @Test func `every code that a case expects is in a table of errors`() throws {
        var codes = Set(APIError.Code.allCases.map(\.rawValue))
        codes.formUnion(AuthError.allCases.map(\.code))
        codes.formUnion(StorageError.Kind.allCases.map(\.code))
        codes.formUnion(MultipartError.allCases.map(\.rawValue))
        for expected in try Self.table.get().cases where expected.only != .socket {
            if let code = expected.request.code { #expect(codes.contains(code), "\(expected.name): \(code)") }
        }
    }

    @Test func `each case has a name of its own, and a reason when it does not run everywhere`() throws {
        let cases = try Self.table.get().cases
        #expect(Set(cases.map(\.name)).count == cases.count)
        for expected in cases { #expect((expected.only == nil) == (expected.because == nil), "\(expected.name)") }
    }
}
