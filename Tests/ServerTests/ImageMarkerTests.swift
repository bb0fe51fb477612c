import Testing

@testable import Server

@Suite struct ImageMarkerTests {
    @Test(arguments: [
        ("", []), ("no image", []), ("[IMAGE:a.png]", ["a.png"]), ("[IMAGE:]", []), ("[IMAGE:/]", []),
        ("[IMAGE:a/]", []),
        ("look [IMAGE:https://x.example/y/a.png] there", ["a.png"]), ("[IMAGE:/y/a.png?size=2#top]", ["a.png"]),
        ("[IMAGE:a.png#x/y]", ["a.png"]), ("[IMAGE:a][IMAGE:b][IMAGE:a]", ["a", "b"]), ("[[IMAGE:a]]", ["a"]),
        ("[IMAGE:a", []), ("[image:a]", []), ("[IMAGE a]", []), ("[IMAGE:a] [IMAGE:b", ["a"]), ("]IMAGE:a[", []),
        ("[IMAGE:../../e\u{301}.png]", ["e\u{301}.png"]),
    ])
    func `the last segments of the URLs are the names`(text: String, names: [String]) {
        #expect(ImageMarker.fileNames(in: text) == names)
    }

    @Test func `there is an end to the names of one text`() {
        let text = (0..<2_000).map { "[IMAGE:\($0)]" }.joined()
        #expect(ImageMarker.fileNames(in: text) == (0..<ImageMarker.countMax).map(String.init))
    }

    @Test(arguments: [
        ("a.png", "a"), ("a.b.png", "a.b"), ("a.", "a"), (".png", nil), ("png", nil), ("", nil),
    ])
    func `the id of an image is its name without the extension`(name: String, id: String?) {
        #expect(ImageMarker.imageID(fileName: name) == id)
    }
}
