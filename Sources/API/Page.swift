internal import HTTP
internal import HTTPTypes

extension Response {
    /// A page of the server, whose script and style are part of it and which asks this server only.
    ///
    /// - Parameter imageSources: Where its images may come from, as in a content security policy.
    static func page(_ html: [UInt8], imageSources: String, cacheControl: String) -> Response {
        Response(
            contentType: "text/html; charset=utf-8",
            fields: [
                .contentSecurityPolicy:
                    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
                    + "img-src \(imageSources); base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                .cacheControl: cacheControl, .xContentTypeOptions: "nosniff",
            ], body: html)
    }
}
