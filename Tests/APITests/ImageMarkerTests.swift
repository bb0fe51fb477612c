import Primitives
import Testing

@testable import API

@Suite struct ImageMarkerTests {
    private static let a = "0f8e6f0c-3b1a-4d52-9a41-5f0d6f1c2b3a"
    private static let b = "ffffffff-ffff-4fff-8fff-ffffffffffff"

    @Test(arguments: [
        ("", []), ("no image", []), ("[IMAGE:A.png]", ["A.png"]), ("[IMAGE:]", []), ("[IMAGE:/]", []),
        ("[IMAGE:A/]", []), ("look [IMAGE:https://x.example/y/A.png] there", ["A.png"]),
        ("[IMAGE:/y/A.png?size=2#top]", ["A.png"]), ("[IMAGE:A.png#x/y]", ["A.png"]),
        ("[IMAGE:A.jpg][IMAGE:B.gif][IMAGE:A.jpg]", ["A.jpg", "B.gif"]), ("[[IMAGE:A.webp]]", ["A.webp"]),
        ("[IMAGE:A.png", []), ("[image:A.png]", []), ("[IMAGE A.png]", []), ("]IMAGE:A.png[", []),
        ("[IMAGE:A.png] [IMAGE:B.png", ["A.png"]), ("[IMAGE:x.png] [IMAGE:A.png]", ["A.png"]),
        ("[IMAGE:../../e\u{301}.png]", []),
    ])
    func `the names of our images are the last segments of the URLs`(text: String, names: [String]) {
        func spelledOut(_ text: String) -> String {
            text.replacing("A.", with: Self.a + ".").replacing("B.", with: Self.b + ".")
        }
        #expect(ImageMarker.fileNames(in: spelledOut(text)) == names.map(spelledOut))
    }

    @Test func `the number of names in one text is bounded`() {
        let context = TestContext()
        let names = (0..<2_000).map { _ in context.newIdentifier() + ".png" }
        let text = names.map { "[IMAGE:\($0)]" }.joined()
        #expect(ImageMarker.fileNames(in: text) == Array(names.prefix(ImageMarker.countMax)))
    }

    @Test(arguments: ["", ".", ".html", ".PNG", ".png.png", "png", ".png/", ".jpeg"])
    func `a name with another extension is not ours`(ending: String) {
        #expect(ImageMarker.imageID(fileName: Self.a + ".png") == MessageID(Self.a))
        #expect(ImageMarker.imageID(fileName: Self.a + ending) == nil)
    }

    @Test(arguments: [
        "", "a", "0F8E6F0C-3b1a-4d52-9a41-5f0d6f1c2b3a", "0f8e6f0c03b1a-4d52-9a41-5f0d6f1c2b3a",
        "0f8e6f0c-3b1a-4d52-9a41-5f0d6f1c2b3", "0f8e6f0c-3b1a-4d52-9a41-5f0d6f1c2b3a0",
        "------------------------------------",
        "../../../../../../../../../etc/passwd",
    ])
    func `a name that is not a UUID names no image`(id: String) {
        #expect(ImageMarker.imageID(fileName: id + ".png") == nil)
    }
}
