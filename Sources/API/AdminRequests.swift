internal import Auth
internal import HTTP
internal import HTTPTypes

/// The routes of the live view, which exist when the settings have a secret for it.
public enum AdminRequests {
    /// `GET /admin`: the page. It asks its user for the secret, and needs none itself.
    public static func page(in context: some Context) throws(APIError) -> Response {
        guard context.settings.adminSecret != nil else { throw .notFound }
        return .page(context.settings.documents.adminPage, imageSources: "data:", cacheControl: "no-store")
    }

    /// `GET /admin/figures`
    public static func figures(_ request: Request, in context: some Context) async throws(APIError) -> Response {
        // A reload may have removed the secret after the route was found.
        guard let secret = context.settings.adminSecret else { throw .notFound }
        guard has(secret, request.head) else {
            try await context.countFailedAttempt(of: request.address)
            throw .badAdminSecret
        }
        return Response(
            fields: [.cacheControl: "no-store"],
            body: context.figuresJSON(of: await Probes.snapshots(in: context)))
    }

    /// Whether the secret is the token of a head. Several fields have none.
    private static func has(_ secret: AdminSecret, _ head: RequestHead) -> Bool {
        guard let value = head.value(of: .authorization), let token = BearerToken.range(in: value) else { return false }
        return secret.isEqual(to: value.extracting(token))
    }
}
