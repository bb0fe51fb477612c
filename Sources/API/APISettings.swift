public import Auth
public import Chat
public import Primitives

/// The settings of handlers. Immutable once the server runs.
public struct APISettings: Sendable {
    /// The longest text of a message in bytes.
    public var textByteCountMax = 16_384
    /// Messages in one list.
    public var listMessageCountMax = 10_000
    /// How messages are encoded.
    public var messageFormat = MessageFormat()
    /// The URLs of images.
    public var imageLinks: ImageLinks
    /// Seconds after which the server removes an image that no message names.
    public var orphanImageSeconds = 86_400
    /// The origins whose pages may read responses.
    public var crossOrigin = CrossOriginPolicy(allowedOrigins: [])
    /// The secret of the live view; nil: there is none.
    public var adminSecret: AdminSecret?
    /// When the server started.
    public var startedAt: Timestamp
    /// The bodies of responses that never change.
    public var documents = Documents()

    /// The bodies of responses that never change.
    public struct Documents: Sendable {
        /// The description of the interface, JSON.
        public var openAPI: [UInt8]
        /// The page of the demo, HTML.
        public var demoPage: [UInt8]
        /// The shop, the users and the tokens of the demo, JSON.
        public var demoSession: [UInt8]
        /// The page of the live view, HTML.
        public var adminPage: [UInt8]

        /// Creates the documents.
        public init(
            openAPI: [UInt8] = [], demoPage: [UInt8] = [], demoSession: [UInt8] = [], adminPage: [UInt8] = []
        ) {
            self.openAPI = openAPI
            self.demoPage = demoPage
            self.demoSession = demoSession
            self.adminPage = adminPage
        }
    }

    /// The default settings.
    public init(imageLinks: ImageLinks, startedAt: Timestamp) {
        self.imageLinks = imageLinks
        self.startedAt = startedAt
    }
}
