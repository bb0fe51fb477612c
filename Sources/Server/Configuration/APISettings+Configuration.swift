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
        change(configuration)
        messageFormat = configuration.messageFormat
        orphanImageSeconds = configuration.orphanImageSeconds
        documents = Documents(
            openAPI: PackageResources.openapi_json, demoPage: PackageResources.index_html,
            demoSession: demo?.json ?? [], adminPage: PackageResources.admin_html)
    }

    /// Takes the values that a reload may change.
    mutating func change(_ configuration: ServerConfiguration) {
        textByteCountMax = configuration.textByteCountMax
        listMessageCountMax = configuration.listMessageCountMax
        adminSecret = configuration.adminSecret
        crossOrigin = CrossOriginPolicy(allowedOrigins: configuration.stream.allowedOrigins)
    }
}
