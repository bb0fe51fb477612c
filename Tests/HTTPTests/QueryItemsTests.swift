import HTTPTypes
import Testing

@testable import HTTP

@Suite struct QueryItemsTests {
    @Test(
        arguments: [
            ("a=b", "a", "b"), ("a=b&a=c", "a", "b"), ("x=1&a=b", "a", "b"), ("a", "a", ""), ("a=", "a", ""),
            ("a=b=c", "a", "b=c"), ("a=b+c", "a", "b c"), ("a=b%2Bc", "a", "b+c"), ("a=b%20c", "a", "b c"),
            ("a=%E2%82%AC", "a", "€"), ("a=%e2%82%ac", "a", "€"), ("%61=b", "a", "b"), ("a+b=c", "a b", "c"),
            ("&&a=b&", "a", "b"), ("A=b", "a", nil), ("", "a", nil), ("ab=c", "a", nil), ("=c", "", "c"),
            ("a=b;c", "a", "b;c"), ("%zz=1&a=b", "a", "b"), ("%FF=1&a=b", "a", "b"),
            ("since=2026-01-03T15:30:00.000000Z", "since", "2026-01-03T15:30:00.000000Z"),
            ("a=b%26c%3Dd", "a", "b&c=d"),
        ] as [(String, String, String?)])
    func `the first item of the name is decoded`(query: String, name: String, value: String?) throws {
        #expect(try QueryItems(query).first(name) == value)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%C3%28", "a=%00", "a=b%", "a=%ED%A0%80", "a=%C0%AF"])
    func `reading a value that is not encoded UTF-8 is an error`(query: String) throws {
        #expect(throws: HTTPParseError.malformedQuery) { try QueryItems(query).first("a") }
        #expect(try QueryItems(query).first("b") == nil)
        #expect(try QueryItems("a=1&" + query).first("a") == "1")
    }

    @Test func `names are compared byte for byte`() throws {
        #expect(try QueryItems("e%CC%81=1&%C3%A9=2").first("\u{e9}") == "2")
    }

    @Test func `a request without a query has no items`() throws {
        #expect(try RequestHead(method: .get, path: "/").query.first("a") == nil)
        #expect(try RequestHead(method: .get, path: "/", rawQuery: "a=b").query.first("a") == "b")
    }
}
