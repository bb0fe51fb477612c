import FoundationEssentials

/// A folder of made-up files, which `deinit` removes.
final class TemporaryTree {
    let root: String

    /// Makes the files; a path that ends with `/` is a folder.
    init(_ files: [String: String] = [:]) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for (path, text) in files { try write(path, text) }
    }

    func write(_ path: String, _ text: String) throws {
        let url = URL(filePath: root).appending(path: path)
        let folder = path.hasSuffix("/") ? url : url.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if !path.hasSuffix("/") { try Data(text.utf8).write(to: url) }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }
}
