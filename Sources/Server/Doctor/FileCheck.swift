import Auth
import FoundationEssentials
import Storage

/// The members file and the directory of images.
enum FileCheck {
    /// Blocks.
    static func findings(_ configuration: ServerConfiguration) -> [Finding] {
        members(configuration.membersPath) + images(configuration)
    }

    private static func members(_ path: String?) -> [Finding] {
        guard let path else { return [] }
        do throws(MembersFile.ParseError) {
            let count = try MembersFile.load(path: path).count
            return [Finding(.membersOK, "\(path): \(count) \(count == 1 ? "member" : "members")")]
        } catch {
            return [
                Finding(.membersInvalid, "\(path): \(error)", fix: "SHOPSTREAM_MEMBERS: lines of shop_id,user_id,role")
            ]
        }
    }

    private static func images(_ configuration: ServerConfiguration) -> [Finding] {
        let path = configuration.imagesPath
        guard let problem = FolderState(path).problem else {
            return signingKey(configuration) ?? [Finding(.imagesOK, "\(path) can be written")]
        }
        return [
            Finding(
                .imagesUnwritable, "\(path): \(problem)",
                fix: "SHOPSTREAM_IMAGES: a directory that the server's user can write, or create")
        ]
    }

    /// Nil when it is fine, not needed, or not made yet.
    private static func signingKey(_ configuration: ServerConfiguration) -> [Finding]? {
        let path = "\(configuration.imagesPath)/.signing-key"
        guard configuration.imageURLs == .signed, FileManager.default.fileExists(atPath: path),
            DoctorCalls.head(of: path, byteCount: LinkSigner.keyByteCount + 1)?.count != LinkSigner.keyByteCount
        else { return nil }
        return [
            Finding(
                .signingKeyInvalid, "\(path) is no key of \(LinkSigner.keyByteCount) bytes that can be read",
                fix: "remove it: the server makes another one, and earlier image URLs end")
        ]
    }
}

/// Whether files can be created in a folder.
enum FolderState: Sendable, Equatable {
    /// They can, perhaps after the folder and its parents were created.
    case writable
    /// This folder, or the first parent that exists, cannot be written.
    case unwritable(String)
    /// This path, or a parent of it, is not a folder.
    case noFolder(String)

    /// Looks at the folder. Blocks. A folder that is missing counts as its parent.
    init(_ path: String) {
        let files = FileManager.default
        var path = path
        while !files.fileExists(atPath: path), path != "/", path != "." { path = Self.parent(of: path) }
        let type = try? files.attributesOfItem(atPath: Self.resolved(path))[.type] as? FileAttributeType
        if type != .typeDirectory {
            self = .noFolder(path)
        } else {
            self = files.isWritableFile(atPath: path) ? .writable : .unwritable(path)
        }
    }

    /// What is wrong; nil when files can be created.
    var problem: String? {
        switch self {
        case .writable: nil
        case .unwritable(let path): "\(path) cannot be written by this user"
        case .noFolder(let path): "\(path) is not a directory"
        }
    }

    /// The folder that contains the last component of a path.
    static func parent(of path: String) -> String {
        var rest = path[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "." }
        return slash == rest.startIndex ? "/" : String(rest[..<slash])
    }

    /// The attributes of a link are those of its target after a slash.
    private static func resolved(_ path: String) -> String { path.hasSuffix("/") ? path : "\(path)/." }
}
