import Chat
import FoundationEssentials
import Primitives

/// The members file: one `shop_id,user_id,role` per line, without a header, quoting or comments.
///
/// Lines end with LF or CRLF. Empty lines and a byte order mark at the start are skipped. Identifiers are read byte for
/// byte, spaces included.
public enum MembersFile {
    /// What is wrong with a file, and in which line.
    public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong.
        public enum Reason: Hashable, Sendable {
            /// The file cannot be read.
            case unreadable
            /// It is larger than `Limits.membersFileByteCountMax`.
            case tooLarge
            /// The line is not UTF-8.
            case notUTF8
            /// The line does not have three fields.
            case fieldCount(Int)
            /// The shop or the user is empty, too long or has control characters.
            case badIdentifier(field: String)
            /// The role is neither `admin` nor `member`.
            case badRole(String)
            /// An earlier line gives the same member another role.
            case contradicts(line: Int)
        }

        /// The line, from 1; 0 for the whole file.
        public let line: Int
        /// What is wrong in that line.
        public let reason: Reason

        /// One line of text that names the line and what is allowed.
        public var description: String {
            let text =
                switch reason {
                case .unreadable: "the file cannot be read"
                case .tooLarge: "the file is larger than \(Limits.membersFileByteCountMax) bytes"
                case .notUTF8: "it is not UTF-8"
                case .fieldCount(let count): "it has \(count) fields; shop_id,user_id,role are three"
                case .badIdentifier(let field):
                    "\(field) must have 1 to \(Limits.identifierByteCountMax) bytes and no control characters"
                case .badRole(let role): "the role is \"\(role)\"; admin and member are allowed"
                case .contradicts(let other): "line \(other) gives this member another role"
                }
            return line == 0 ? text : "line \(line): \(text)"
        }
    }

    /// Reads a file. Blocks during the read: for the start, not for a reactor's thread.
    public static func load(path: String) throws(ParseError) -> [Membership] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ParseError(line: 0, reason: .unreadable)
        }
        return try parse(Array(data))
    }

    /// Parses the bytes of a file. A line that repeats an earlier one is ignored. O(n).
    public static func parse(_ bytes: [UInt8]) throws(ParseError) -> [Membership] {
        if bytes.count > Limits.membersFileByteCountMax { throw ParseError(line: 0, reason: .tooLarge) }
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        var rest = bytes.starts(with: byteOrderMark) ? bytes[byteOrderMark.count...] : bytes[...]
        var rows: [Membership] = []
        var firstLines: [Member: (line: Int, role: ShopRole)] = [:]
        var line = 0
        while !rest.isEmpty {
            line += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var content = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if content.last == UInt8(ascii: "\r") { content.removeLast() }
            if content.isEmpty { continue }
            let row = try parse(content, line: line)
            let member = Member(shopID: row.shopID, userID: row.userID)
            if let first = firstLines[member] {
                if first.role != row.role { throw ParseError(line: line, reason: .contradicts(line: first.line)) }
                continue
            }
            firstLines[member] = (line, row.role)
            rows.append(row)
        }
        return rows
    }

    private struct Member: Hashable {
        let shopID: ShopID
        let userID: UserID
    }

    private static func parse(_ content: ArraySlice<UInt8>, line: Int) throws(ParseError) -> Membership {
        let fields = content.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == 3 else { throw ParseError(line: line, reason: .fieldCount(fields.count)) }
        var texts: [String] = []
        for field in fields {
            guard let text = String(validating: field, as: UTF8.self) else {
                throw ParseError(line: line, reason: .notUTF8)
            }
            texts.append(text)
        }
        for (text, name) in [(texts[0], "shop_id"), (texts[1], "user_id")] where !Validation.isIdentifier(text) {
            throw ParseError(line: line, reason: .badIdentifier(field: name))
        }
        guard let role = ShopRole(rawValue: texts[2]) else {
            throw ParseError(line: line, reason: .badRole(String(texts[2].prefix(32))))
        }
        return Membership(shopID: ShopID(texts[0]), userID: UserID(texts[1]), role: role)
    }
}
