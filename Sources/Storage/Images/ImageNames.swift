import Primitives

/// Finds the names of images in a message's text, for the index that tells a store whether a message names an image.
///
/// In a text with a marker, every `UUID.ending` counts. A false positive is harmless; a false negative would remove an
/// image that a message still shows. PostgreSQL finds the same names with `PostgresSchema.imageNamePattern`.
public enum ImageNames {
    private static let marker = Array("[IMAGE:".utf8)
    private static let endings = ImageFormat.allCases.map { Array($0.fileExtension.utf8) }
    private static let idByteCount = 36

    /// The names in a text, each once. O(bytes); a text without a bracket is searched in wide steps.
    static func names(in text: String) -> [String] {
        let utf8 = text.utf8
        let bytes = utf8.span
        guard let start = firstMarker(in: bytes) else { return [] }
        var names: [String] = []
        var seen: Set<String> = []
        var next = start
        while let dot = bytes.firstIndex(of: UInt8(ascii: "."), from: next) {
            next = dot + 1
            guard dot >= idByteCount, isID(bytes.extracting(dot - idByteCount..<dot)) else { continue }
            for ending in endings where begins(bytes, at: dot + 1, with: ending) {
                var name: [UInt8] = []
                name.append(contentsOf: bytes.extracting(dot - idByteCount..<dot + 1 + ending.count))
                let text = String(decoding: name, as: UTF8.self)
                if seen.insert(text).inserted { names.append(text) }
            }
        }
        return names
    }

    private static func firstMarker(in bytes: Span<UInt8>) -> Int? {
        var next = 0
        while let index = bytes.firstIndex(of: UInt8(ascii: "["), from: next) {
            if begins(bytes, at: index, with: marker) { return index }
            next = index + 1
        }
        return nil
    }

    private static func begins(_ bytes: Span<UInt8>, at start: Int, with word: [UInt8]) -> Bool {
        guard start + word.count <= bytes.count else { return false }
        for index in word.indices where bytes[start + index] != word[index] { return false }
        return true
    }

    /// Whether the bytes have the form of a UUID in lower case (36 bytes).
    public static func isID(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == idByteCount else { return false }
        for index in bytes.indices {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            switch bytes[index] {
            case UInt8(ascii: "-"): if !isDash { return false }
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"):
                if isDash { return false }
            default: return false
            }
        }
        return true
    }
}
