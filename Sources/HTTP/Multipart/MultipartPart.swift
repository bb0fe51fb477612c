/// The head of one part of a form.
public struct MultipartPart: Hashable, Sendable {
    /// The name of the form's field.
    public let name: String
    /// The name that the client gives the file: its word, and good for nothing but showing it back. Nil when the part
    /// is no file.
    public let fileName: String?
    /// The media type that the client claims.
    public let contentType: String?
}
