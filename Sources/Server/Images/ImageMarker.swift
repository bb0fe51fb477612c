/// `[IMAGE:<url>]` in the text of a message.
enum ImageMarker {
    private static let opening = Array("[IMAGE:".utf8)
    /// Each name costs a look-up. A text of the longest that may be set has no room for more names of ours.
    static let countMax = 512

    /// The last segments of the URLs that the text names, without query and fragment, each once, in their order, and at
    /// most `countMax` of them. O(bytes).
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
            if let name = String(name), !name.isEmpty, !names.contains(name) { names.append(name) }
            rest = rest[end...]
        }
        return names
    }

    /// The id of an image by its file's name; nil when the name is none of ours.
    static func imageID(fileName: String) -> String? {
        guard let dot = fileName.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let id = String(fileName[..<dot])
        return id.isEmpty ? nil : id
    }
}
