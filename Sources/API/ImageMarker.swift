public import Primitives
internal import Storage

/// `[IMAGE:<url>]` in the text of a message.
public enum ImageMarker {
    private static let opening = Array("[IMAGE:".utf8)
    /// The longest text that a setting allows has no room for more names.
    public static let countMax = 512

    /// The names of this server's images in the URLs of the text: each once, in their order, and at most `countMax`. A
    /// name is the last segment of a URL, without query and fragment. O(bytes).
    public static func fileNames(in text: String) -> [String] {
        let utf8 = text.utf8
        let bytes = utf8.span
        var names: [String] = []
        var seen: Set<String> = []
        var index = 0
        while let start = firstURL(in: bytes, from: index) {
            // When this marker has no end, later ones have none either. So the search is linear.
            guard names.count < countMax, let end = bytes.firstIndex(of: UInt8(ascii: "]"), from: start) else { break }
            index = end
            let url = bytes.extracting(start..<end)
            var (nameStart, nameEnd) = (0, url.count)
            for place in url.indices {
                if url[place] == UInt8(ascii: "?") || url[place] == UInt8(ascii: "#") {
                    nameEnd = place
                    break
                }
                if url[place] == UInt8(ascii: "/") { nameStart = place + 1 }
            }
            let name = url.extracting(nameStart..<nameEnd)
            guard name.count > UUIDText.byteCount, ImageNames.isID(name.extracting(0..<UUIDText.byteCount)) else {
                continue
            }
            var copy: [UInt8] = []
            copy.append(contentsOf: name)
            guard let text = String(validating: copy, as: UTF8.self), imageID(fileName: text) != nil else { continue }
            if seen.insert(text).inserted { names.append(text) }
        }
        return names
    }

    /// The index after the first `[IMAGE:` from `start` on. A text without a bracket is searched in wide steps.
    private static func firstURL(in bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while let bracket = bytes.firstIndex(of: UInt8(ascii: "["), from: index) {
            index = bracket + opening.count
            guard index <= bytes.count else { return nil }
            if isOpening(bytes, at: bracket) { return index }
            index = bracket + 1
        }
        return nil
    }

    private static func isOpening(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        for offset in opening.indices where bytes[start + offset] != opening[offset] { return false }
        return true
    }

    /// The text with the URLs of its first `countMax` markers replaced. `replacement` returns nil to keep a URL.
    /// O(bytes); copies only a text in which something is replaced.
    public static func replacingURLs(
        in text: String, countMax: Int, by replacement: (Substring) -> String?
    ) -> String {
        let utf8 = text.utf8
        let bytes = utf8.span
        var result: [UInt8] = []
        var copiedByteCount = 0
        var index = 0
        var count = 0
        while count < countMax, let start = firstURL(in: bytes, from: index),
            let end = bytes.firstIndex(of: UInt8(ascii: "]"), from: start)
        {
            let first = utf8.index(utf8.startIndex, offsetBy: start)
            let url = Substring(utf8[first..<utf8.index(first, offsetBy: end - start)])
            if let replaced = replacement(url) {
                result.append(contentsOf: bytes.extracting(copiedByteCount..<start))
                result += replaced.utf8
                copiedByteCount = end
            }
            count += 1
            index = end
        }
        guard copiedByteCount > 0 else { return text }
        result.append(contentsOf: bytes.extracting(copiedByteCount..<bytes.count))
        return String(decoding: result, as: UTF8.self)
    }

    /// The id of an image by its file's name; nil when it is not a name that this server chooses.
    public static func imageID(fileName: String) -> MessageID? {
        let name = fileName.utf8
        let id = name.prefix(UUIDText.byteCount)
        let rest = name.dropFirst(UUIDText.byteCount)
        guard UUIDText.isUUID(id), rest.first == UInt8(ascii: "."),
            ImageFormat(fileExtension: String(Substring(rest.dropFirst()))) != nil
        else { return nil }
        return MessageID(String(Substring(id)))
    }
}
