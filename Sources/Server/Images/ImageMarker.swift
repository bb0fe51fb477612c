import Primitives
import Storage

/// `[IMAGE:<url>]` in the text of a message.
enum ImageMarker {
    private static let opening = Array("[IMAGE:".utf8)
    /// A text of the longest that may be set has no room for more names.
    static let countMax = 512

    /// The names of our images in the URLs that the text names, each once, in their order, and at most `countMax` of
    /// them: the last segments, without query and fragment. O(bytes).
    static func fileNames(in text: String) -> [String] {
        var names: [String] = []
        var rest = text.utf8[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "[")) {
            rest = rest[start...]
            guard rest.starts(with: opening) else {
                rest = rest.dropFirst()
                continue
            }
            // Without an end to this one there is none to those behind it: the search is linear.
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")), names.count < countMax else { break }
            let url = rest[..<end].dropFirst(opening.count).prefix {
                $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
            }
            let name = url.lastIndex(of: UInt8(ascii: "/")).map { url[url.index(after: $0)...] } ?? url
            if let name = String(name), imageID(fileName: name) != nil, !names.contains(name) { names.append(name) }
            rest = rest[end...]
        }
        return names
    }

    /// The id of an image by its file's name; nil when the name is none that we give.
    static func imageID(fileName: String) -> MessageID? {
        let name = fileName.utf8
        let id = name.prefix(UUIDText.byteCount)
        let rest = name.dropFirst(UUIDText.byteCount)
        guard UUIDText.isUUID(id), rest.first == UInt8(ascii: "."),
            ImageFormat(fileExtension: String(Substring(rest.dropFirst()))) != nil
        else { return nil }
        return MessageID(String(Substring(id)))
    }
}
