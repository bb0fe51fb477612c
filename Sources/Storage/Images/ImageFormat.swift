/// The supported image formats. Only the first bytes decide the format, never what the client declares.
public enum ImageFormat: String, CaseIterable, Sendable {
    /// ISO/IEC 10918.
    case jpeg
    /// RFC 2083.
    case png
    /// GIF87a and GIF89a.
    case gif
    /// A RIFF container with the form type WEBP (RFC 9649).
    case webp

    /// The number of bytes that suffices to detect the format.
    public static let signatureByteCountMax = 12

    /// The format of an image that begins with these bytes; nil when it is not supported.
    public init?(signature bytes: some Collection<UInt8>) {
        func begins(with text: [UInt8], at offset: Int = 0) -> Bool {
            bytes.dropFirst(offset).starts(with: text)
        }
        if begins(with: [0xff, 0xd8, 0xff]) {
            self = .jpeg
        } else if begins(with: [0x89] + Array("PNG\r\n".utf8) + [0x1a, 0x0a]) {
            self = .png
        } else if begins(with: Array("GIF87a".utf8)) || begins(with: Array("GIF89a".utf8)) {
            self = .gif
        } else if begins(with: Array("RIFF".utf8)), begins(with: Array("WEBP".utf8), at: 8) {
            self = .webp
        } else {
            return nil
        }
    }

    /// The format of a file with this extension.
    public init?(fileExtension: String) {
        guard let format = Self.allCases.first(where: { $0.fileExtension == fileExtension }) else { return nil }
        self = format
    }

    /// The extension of the file's name, without the dot.
    public var fileExtension: String {
        switch self {
        case .jpeg: "jpg"
        case .png: "png"
        case .gif: "gif"
        case .webp: "webp"
        }
    }

    /// The media type of the responses that contain the image.
    public var mediaType: StaticString {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .gif: "image/gif"
        case .webp: "image/webp"
        }
    }
}
