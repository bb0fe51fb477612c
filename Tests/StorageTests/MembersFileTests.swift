import Chat
import Primitives
import Testing

@testable import Storage

@Suite struct MembersFileTests {
    @Test func `each line is one membership, whatever ends the line`() throws {
        let text = "s1,u1,admin\r\n\n\r\ns1,u 2,member\ns2,#u1,member"
        let rows = try MembersFile.parse(Array(text.utf8))
        #expect(
            rows == [
                Membership(shopID: "s1", userID: "u1", role: .admin),
                Membership(shopID: "s1", userID: "u 2", role: .member),
                Membership(shopID: "s2", userID: "#u1", role: .member),
            ])
    }

    @Test func `an empty file has no members`() throws {
        #expect(try MembersFile.parse([]).isEmpty)
        #expect(try MembersFile.parse([0xef, 0xbb, 0xbf, 0x0a]).isEmpty)
    }

    @Test func `a byte order mark is no part of the first shop`() throws {
        #expect(try MembersFile.parse([0xef, 0xbb, 0xbf] + Array("s,u,admin".utf8)).map(\.shopID) == ["s"])
    }

    @Test func `a repeated line counts once`() throws {
        #expect(try MembersFile.parse(Array("s,u,admin\ns,u,admin\n".utf8)).count == 1)
    }

    @Test func `spellings of one character are two users`() throws {
        #expect(try MembersFile.parse(Array("s,\u{e9},admin\ns,e\u{301},member\n".utf8)).count == 2)
    }

    typealias Reason = MembersFile.ParseError.Reason
    static let long = String(repeating: "x", count: Limits.identifierByteCountMax + 1)
    static let bad: [(text: String, line: Int, reason: Reason)] = [
        ("shop_id,user_id,role", 1, .badRole("role")),
        ("s,u,admin\ns,u", 2, .fieldCount(2)),
        ("\n\ns,u,admin,x", 3, .fieldCount(4)),
        ("s,u,Admin", 1, .badRole("Admin")),
        ("s,u,admin ", 1, .badRole("admin ")),
        ("s,u,", 1, .badRole("")),
        (",u,admin", 1, .badIdentifier(field: "shop_id")),
        ("s,,admin", 1, .badIdentifier(field: "user_id")),
        ("s\t,u,admin", 1, .badIdentifier(field: "shop_id")),
        ("s,\(long),admin", 1, .badIdentifier(field: "user_id")),
        ("s,u,admin\n\ns,u,member", 3, .contradicts(line: 1)),
    ]

    @Test(arguments: bad.indices)
    func `an error names its line`(index: Int) {
        let (text, line, reason) = Self.bad[index]
        let expected = MembersFile.ParseError(line: line, reason: reason)
        #expect(throws: expected) { try MembersFile.parse(Array(text.utf8)) }
        #expect(expected.description.hasPrefix("line \(line): "))
    }

    @Test func `a file that is not UTF-8 is refused`() {
        #expect(throws: MembersFile.ParseError(line: 1, reason: .notUTF8)) {
            try MembersFile.parse([0x73, 0x2c, 0xff] + Array(",admin".utf8))
        }
    }

    @Test func `a missing file is unreadable`() {
        #expect(throws: MembersFile.ParseError(line: 0, reason: .unreadable)) {
            try MembersFile.load(path: "no/such/file.csv")
        }
    }
}
