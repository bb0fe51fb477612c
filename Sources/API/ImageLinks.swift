public import Auth
public import Primitives

/// The URLs of images in responses and frames, and in the texts that clients send and receive.
///
/// With `SHOPSTREAM_IMAGE_URLS=signed` a URL in a response or a frame is absolute and valid for a day without a token.
/// Stored texts contain the bare path, so that no expiry is ever stored. A value; any thread.
public struct ImageLinks: Sendable {
    /// How long a signed URL is valid.
    package static let lifetimeSeconds: Int64 = 86_400

    private let publicURL: String
    private let prefixes: RoutePrefixes
    private let signer: LinkSigner?

    /// URLs are signed when there is a signer.
    public init(publicURL: String?, prefixes: RoutePrefixes, signer: LinkSigner?) {
        self.prefixes = prefixes
        self.publicURL = publicURL ?? ""
        self.signer = signer
    }

    /// Whether URLs are signed.
    public var areSigned: Bool { signer != nil }

    /// The URL of an image, under the route prefix of `path`: the path of the request, or of the URL that is replaced.
    public func url(of name: String, in shop: ShopID, under path: String, at now: Timestamp) -> String {
        let path = "\(prefixes.prefix(of: path))/shops/\(shop.text.percentEncoded)/messages/image/\(name)"
        guard let signer else { return publicURL + path }
        let expiresAt = Self.seconds(now) + Self.lifetimeSeconds
        let signature = signer.signature(shop: shop, name: name, expiresAt: expiresAt)
        return "\(publicURL)\(path)?expires=\(expiresAt)&signature=\(signature)"
    }

    /// The seconds until a signed URL expires; nil when it has expired or its signature is wrong.
    public func remainingSeconds(
        of name: String, in shop: ShopID, expires: String?, signature: String, at now: Timestamp
    ) -> Int64? {
        guard let signer, let expires, let expiresAt = Int64(expires), String(expiresAt) == expires,
            signer.isValid(signature, shop: shop, name: name, expiresAt: expiresAt), expiresAt > Self.seconds(now)
        else { return nil }
        return expiresAt - Self.seconds(now)
    }

    /// A shop's text as its readers receive it: the paths of the shop's images become signed URLs. Paths that name
    /// another shop stay as they are.
    public func shown(_ text: String, in shop: ShopID, at now: Timestamp) -> String {
        guard areSigned else { return text }
        return ImageMarker.replacingURLs(in: text, countMax: Limits.signedImagesPerTextMax) { url in
            guard let image = ownImage(url), image.isNamed(in: shop) else { return nil }
            return self.url(of: image.fileName, in: shop, under: image.path, at: now)
        }
    }

    /// A text as it is stored: the URLs of this server's images become bare paths.
    public func stored(_ text: String) -> String {
        guard areSigned else { return text }
        return ImageMarker.replacingURLs(in: text, countMax: ImageMarker.countMax) { url in ownImage(url)?.path }
    }

    /// The image of this server that a URL names, absolute or as a path.
    private func ownImage(_ url: Substring) -> OwnImage? {
        let local = url.utf8.starts(with: publicURL.utf8) ? url.utf8.dropFirst(publicURL.utf8.count) : url.utf8
        let path = local.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        for prefix in prefixes.paths {
            let beginning = "\(prefix)/shops/".utf8
            guard path.starts(with: beginning) else { continue }
            let segments = path.dropFirst(beginning.count)
                .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard segments.count == 4, segments[1].elementsEqual("messages".utf8),
                segments[2].elementsEqual("image".utf8)
            else { continue }
            let name = String(Substring(segments[3]))
            guard ImageMarker.imageID(fileName: name) != nil else { continue }
            return OwnImage(path: String(Substring(path)), shop: Substring(segments[0]), fileName: name)
        }
        return nil
    }

    private static func seconds(_ time: Timestamp) -> Int64 { time.microsecondsSinceEpoch / 1_000_000 }
}

/// A path of this server that names an image.
private struct OwnImage {
    let path: String
    /// The segment that names the shop, percent-encoded or not.
    let shop: Substring
    let fileName: String

    func isNamed(in shop: ShopID) -> Bool {
        self.shop.utf8.elementsEqual(shop.text.percentEncoded.utf8) || self.shop.utf8.elementsEqual(shop.text.utf8)
    }
}

extension String {
    /// As one segment of a path (RFC 3986, section 2.1): all but the unreserved characters are encoded.
    fileprivate var percentEncoded: String {
        var bytes: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                let digits = Array(String(byte, radix: 16, uppercase: true).utf8)
                bytes += [UInt8(ascii: "%")] + (digits.count == 1 ? [UInt8(ascii: "0")] : []) + digits
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
