internal import HTTP
internal import HTTPTypes
internal import JSON
internal import Primitives
internal import Storage

/// The routes of probes and tools: without a token, and without the envelope.
public enum Probes {
    /// `GET /healthz`: the process answers.
    public static func alive() -> Response { Response(body: Array("{\"status\":\"alive\"}".utf8)) }

    /// `GET /readyz`. O(1), without a query or a log line, as any client may send it, at any rate.
    public static func ready(in context: some Context) throws(APIError) -> Response {
        switch context.readiness {
        case .ready: return Response(body: Array("{\"status\":\"ready\"}".utf8))
        case .draining: throw .draining
        case .storeInUse: throw .storeInUse
        case .failed(let kind): throw APIError(StorageError(kind, detail: ""))
        }
    }

    /// `GET /api/v1/health/websocket`
    public static func streamHealth(in context: some Context) async -> Response {
        let totals = context.totals(of: await snapshots(in: context))
        let startedAt = context.settings.startedAt
        var writer = JSONWriter()
        writer.raw("{\"status\":\"healthy\",\"active_connections\":")
        writer.number(totals.openStreams)
        writer.raw(",\"active_shops\":")
        writer.number(totals.openShops)
        writer.raw(",\"uptime_seconds\":")
        writer.number(
            Int((context.civilTime.microsecondsSinceEpoch - startedAt.microsecondsSinceEpoch) / 1_000_000))
        writer.raw("}")
        return Response(body: writer.bytes)
    }

    /// `GET /metrics`
    public static func metrics(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        guard context.mayReadMetrics(request) else { throw .notFound }
        return Response(
            contentType: "text/plain; version=0.0.4; charset=utf-8",
            body: context.metricsText(of: await snapshots(in: context)))
    }

    /// The figures of all reactors, one after another.
    static func snapshots<C: Context>(in context: C) async -> [C.Owner.Snapshot] {
        var snapshots: [C.Owner.Snapshot] = []
        for reactor in context.reactors { snapshots.append(await context.on(reactor) { $0.snapshot() }) }
        return snapshots
    }

    /// `GET /openapi.json`
    public static func openAPI(in context: some Context) -> Response {
        Response(fields: [.cacheControl: "no-cache"], body: context.settings.documents.openAPI)
    }

    /// `GET /`, in the demo.
    public static func demoPage(in context: some Context) -> Response {
        .page(
            context.settings.documents.demoPage, imageSources: "https: http: data:", cacheControl: "no-cache")
    }

    /// `GET /demo.json`
    public static func demoSession(in context: some Context) -> Response {
        Response(fields: [.cacheControl: "no-store"], body: context.settings.documents.demoSession)
    }
}
