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
        while index + opening.count <= bytes.count {
            guard bytes[index] == UInt8(ascii: "["), isOpening(bytes, at: index) else {
                index += 1
                continue
            }
            let start = index + opening.count
            // When this marker has no end, later ones have none either. So the search is linear.
            guard names.count < countMax, let end = firstIndex(of: UInt8(ascii: "]"), in: bytes, from: start) else {
                break
            }
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

    private static func isOpening(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        for offset in opening.indices where bytes[start + offset] != opening[offset] { return false }
        return true
    }

    private static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// The text with the URLs of its first `countMax` markers replaced. `replacement` returns nil to keep a URL.
    /// O(bytes); copies only a text in which something is replaced.
    public static func replacingURLs(
        in text: String, countMax: Int, by replacement: (Substring) -> String?
    ) -> String {
        var result: [UInt8] = []
        var copied = text.utf8.startIndex
        var rest = text.utf8[...]
        var count = 0
        while count < countMax, let start = rest.firstIndex(of: UInt8(ascii: "[")) {
            rest = rest[start...]
            guard rest.starts(with: opening) else {
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { break }
            let url = rest[..<end].dropFirst(opening.count)
            if let replaced = replacement(Substring(url)) {
                result += text.utf8[copied..<url.startIndex]
                result += replaced.utf8
                copied = end
            }
            count += 1
            rest = rest[end...]
        }
        guard copied > text.utf8.startIndex else { return text }
        result += text.utf8[copied...]
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
