import API
import Auth
import Primitives

extension APISettings {
    /// The settings of handlers by the configuration.
    init(_ configuration: ServerConfiguration, linkSigner: LinkSigner?, demo: DemoSession?, startedAt: Timestamp) {
        self.init(
            imageLinks: ImageLinks(
                publicURL: configuration.publicURL, prefixes: configuration.routePrefixes, signer: linkSigner),
            startedAt: startedAt)
        textByteCountMax = configuration.textByteCountMax
        listMessageCountMax = configuration.listMessageCountMax
        messageFormat = configuration.messageFormat
        orphanImageSeconds = configuration.orphanImageSeconds
        crossOrigin = CrossOriginPolicy(allowedOrigins: configuration.stream.allowedOrigins)
        documents = Documents(
            openAPI: PackageResources.openapi_json, demoPage: PackageResources.index_html,
            demoSession: demo?.json ?? [])
    }
}
