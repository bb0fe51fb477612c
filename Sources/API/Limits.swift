/// The limits of this module that no setting changes.
package enum Limits {
    /// Messages of a numbered page when the request sets no limit.
    package static let pageMessageCountDefault = 20
    /// The largest limit that a request may set for a numbered page.
    package static let pageMessageCountMax = 100
    /// Messages that may precede a numbered page; a cursor has no such limit.
    package static let pageDepthMax = 10_000
    /// How long a count of a shop's messages, which its numbered pages need, is used.
    package static let messageTotalAge: Duration = .seconds(5)
    /// Shops whose count each reactor remembers.
    package static let messageTotalShopCountMax = 1_024
    /// Bytes of a response's body that are produced, and handed to the kernel, at a time.
    package static let responsePieceByteCount = 32 << 10
    /// Memory of a response that is produced while it is sent: a slice of messages with 64 KiB of text, the piece that
    /// was made of it, and the kernel's copy of that piece.
    package static let responseByteCountReserved = 256 << 10
    /// Bytes of an upload that are held in memory before they are written.
    package static let uploadPieceByteCount = 64 << 10
    /// Image URLs that are signed in one text, the first of it: each costs an HMAC.
    package static let signedImagesPerTextMax = 64
    /// Images that are removed together with the message that named them, the first of its text: each costs three
    /// queries. The search for orphans removes the rest.
    package static let imagesRemovedAtOnceMax = 16
    /// From the start of one search for orphaned images to the start of the next.
    package static let orphanSearchPeriod: Duration = .seconds(60)
    /// Images that the search reads from the store at a time.
    package static let orphanBatchCountMax = 64
}
