import HTTP
import HTTPTypes
import Primitives
import Testing

@testable import API

/// Requests of the live view that cases.json does not have.
@Suite struct AdminRequestsTests {
    private static let address = PeerAddress(ipv4: 0xC000_0207)

    private func response(
        _ context: TestContext, _ path: String = "/admin/figures",
        from address: PeerAddress? = AdminRequestsTests.address, with fields: HTTPFields = [:]
    ) async -> Response {
        let table = RouteTable(
            hasStream: false, hasDemo: false, hasMetrics: false, hasAdmin: true, prefixes: RoutePrefixes())
        let head = RequestHead(method: .get, path: path, rawQuery: nil, fields: fields)
        let source = RequestSource(connection: ConnectionID(slot: 1, generation: 1), address: address)
        do throws(APIError) {
            let plan = try table.plan(for: head, in: context)
            return try await RouteTable.answer(Request(plan, .bytes([]), from: source), in: context)
        } catch {
            return Response(error)
        }
    }

    @Test func `wrong secrets are counted by address, and refused with the time to wait`() async {
        let context = TestContext()
        for _ in 0..<2 { #expect(await response(context).status == .unauthorized) }
        let refused = await response(context)
        #expect(refused.status == .tooManyRequests && refused.fields[.retryAfter] == "7")
        #expect(context.failedAttemptCount == 3)
        let right = await response(context, with: [.authorization: "Bearer the-secret-of-the-cases"])
        #expect(right.status == .ok)
        #expect(context.failedAttemptCount == 3, "a request with the secret is no attempt")
    }

    @Test func `a client without an address, of the metrics listener, is not counted`() async {
        let context = TestContext()
        for _ in 0..<5 { #expect(await response(context, from: nil).status == .unauthorized) }
        #expect(context.failedAttemptCount == 0)
    }

    @Test func `two fields have no secret`() async {
        var fields: HTTPFields = [:]
        for _ in 0..<2 {
            fields.append(HTTPField(name: .authorization, value: "Bearer the-secret-of-the-cases"))
        }
        #expect(await response(TestContext(), with: fields).status == .unauthorized)
    }

    @Test func `once the settings have no secret there is no live view`() async {
        let context = TestContext()
        context.settings.adminSecret = nil
        for path in ["/admin", "/admin/figures"] {
            #expect(await response(context, path, with: [.authorization: "Bearer "]).status == .notFound)
        }
        #expect(context.failedAttemptCount == 0)
    }
}
