import API
import HTTP
import HTTPTypes
import JSON
import Primitives
import Reactor
import Storage

// The routes of probes and tools: without a token, and without the envelope.

extension Shard {
    /// `GET /api/v1/health/websocket`
    func streamHealth() async -> Response {
        let totals = await totals()
        var writer = JSONWriter()
        writer.raw("{\"status\":\"healthy\",\"active_connections\":")
        writer.number(totals.openStreams)
        writer.raw(",\"active_shops\":")
        writer.number(totals.openShops)
        writer.raw(",\"uptime_seconds\":")
        writer.number(
            Int((civilTime.microsecondsSinceEpoch - environment.startedAt.microsecondsSinceEpoch) / 1_000_000))
        writer.raw("}")
        return Response(body: writer.bytes)
    }

    /// `GET /`, in the demo.
    var demoPage: Response.Content {
        Response.Content(
            contentType: "text/html; charset=utf-8", bytes: PackageResources.index_html,
            fields: [
                .contentSecurityPolicy:
                    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
                    + "img-src https: http: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                .cacheControl: "no-cache", .xContentTypeOptions: "nosniff",
            ])
    }

    /// `GET /openapi.json`
    var openAPI: Response.Content {
        Response.Content(
            contentType: "application/json", bytes: PackageResources.openapi_json, fields: [.cacheControl: "no-cache"])
    }

    /// `GET /demo.json`
    var demoSession: Response.Content {
        Response.Content(
            contentType: "application/json", bytes: environment.demo?.json ?? [], fields: [.cacheControl: "no-store"])
    }
}

extension Response {
    /// Content without the envelope.
    struct Content {
        let contentType: String
        let bytes: [UInt8]
        let fields: HTTPFields
    }

    init(_ content: Content) {
        self.init(contentType: content.contentType, fields: content.fields, body: content.bytes)
    }
}
