import Testing

@testable import Primitives

@Suite struct FieldListTests {
    @Test(arguments: [
        ("", []), (",", []), (" , \t,", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a ,\tb\t, c d ", ["a", "b", "c d"]),
        ("a,,b,", ["a", "b"]), ("a,\u{301}b", ["a", "\u{301}b"]), ("\u{A0}a", ["\u{A0}a"]),
    ])
    func `elements are what stands between commas, without white space`(value: String, elements: [String]) {
        let bytes = Array(value.utf8)
        #expect(FieldList.elements(of: bytes.span).map { Array(bytes[$0]) } == elements.map { Array($0.utf8) })
    }

    @Test(arguments: [
        ("upgrade", true), ("Upgrade", true), ("keep-alive, UPGRADE", true), (" upgrade ,x", true), ("", false),
        ("upgrades", false), ("upgrad", false), ("up grade", false), ("upgrade/2", false), ("keep-alive", false),
        ("up,grade", false), ("\u{55}pgrad\u{65}\u{301}", false),
    ])
    func `a token is found whatever the case of its letters`(value: String, isFound: Bool) {
        #expect(FieldList.contains("upgrade".utf8.span, in: value.utf8.span) == isFound)
    }
}
