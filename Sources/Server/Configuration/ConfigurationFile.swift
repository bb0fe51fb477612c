import Yams

/// The settings of a configuration file, which is YAML.
///
/// A key is the name of a variable in lower case. A map may stand for the part of several keys before an underscore:
/// `shopstream: {tls: {key: k.pem}}` is `shopstream_tls_key: k.pem`. Values are taken as they are written.
struct ConfigurationFile: Sendable {
    /// A value, and where it is.
    struct Entry: Sendable {
        let text: String
        let place: SettingPlace
    }

    /// The bytes of a file.
    static let byteCountMax = 1 << 20

    let path: String
    /// Whether every user of the machine may read the file.
    let isReadableByOthers: Bool
    /// The entries that are not empty, by variable.
    private(set) var entries: [String: Entry] = [:]

    /// Reads a file. Blocks: never on a reactor.
    init(path: String) throws(ConfigurationError) {
        let file: SettingFile
        do throws(SettingFile.ReadError) {
            file = try SettingFile(path: path, byteCountMax: Self.byteCountMax)
        } catch {
            throw ConfigurationError(name: "SHOPSTREAM_CONFIG", value: path, allowed: error.description)
        }
        try self.init(path: path, bytes: file.bytes, isReadableByOthers: file.isReadableByOthers)
    }

    init(path: String, bytes: [UInt8], isReadableByOthers: Bool = false) throws(ConfigurationError) {
        self.path = path
        self.isReadableByOthers = isReadableByOthers
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Self.invalid(path, "it is not UTF-8")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Self.invalid(path, Self.reason(error))
        }
        // Nil, or an empty scalar, when there are only comments.
        guard let root, root.scalar?.string != "" else { return }
        guard let map = root.mapping else { throw Self.invalid(path, "line 1: a map of settings is expected") }
        try read(map, below: [])
    }

    // MARK: - Keys

    /// Reads a map whose keys follow those of `parents`. A map is only read when a setting has a name that goes on, so
    /// that the depth is bounded.
    private mutating func read(_ map: Node.Mapping, below parents: [String]) throws(ConfigurationError) {
        for (keyNode, value) in map {
            let line = keyNode.mark?.line ?? 0
            guard let part = keyNode.scalar?.string else {
                throw Self.invalid(path, "line \(line): a key is expected to be text")
            }
            let parts = parents + [part]
            let place = SettingPlace(path: path, line: line, key: parts.joined(separator: "."))
            let key = parts.joined(separator: "_")
            if Setting.keys.contains(where: { $0.hasPrefix("\(key)_") }) {
                if let nested = value.mapping {
                    try read(nested, below: parts)
                    continue
                }
                // A map whose keys are all commented out.
                if value.scalar?.string == "", Setting.variablesByKey[key] == nil { continue }
            }
            guard let variable = Setting.variablesByKey[key] else {
                // The value may be a secret under a mistyped key.
                throw ConfigurationError(
                    name: place.key, value: "…",
                    allowed: "there is no such setting; the nearest is \(Setting.nearestKey(to: key))", place: place)
            }
            guard Setting.named(variable)?.isInFile ?? true else {
                throw ConfigurationError(
                    name: variable, value: "…", allowed: "only the environment and a flag may set it", place: place)
            }
            try add(try Self.text(of: value, variable, place), to: variable, place)
        }
    }

    private mutating func add(
        _ text: String, to variable: String, _ place: SettingPlace
    ) throws(ConfigurationError) {
        if let earlier = entries[variable] {
            throw ConfigurationError(
                name: variable, value: "…",
                allowed: "line \(earlier.place.line) sets it too, as \(earlier.place.key)", place: place)
        }
        // An empty value counts as unset, like an empty variable.
        if !text.isEmpty { entries[variable] = Entry(text: text, place: place) }
    }

    private static func text(
        of value: Node, _ variable: String, _ place: SettingPlace
    ) throws(ConfigurationError) -> String {
        let isList = Setting.named(variable)?.isList == true
        if let text = value.scalar?.string { return text }
        if isList, let items = value.sequence {
            let texts = items.compactMap { $0.scalar?.string }
            if texts.count == items.count { return texts.joined(separator: ",") }
        }
        let found = value.mapping != nil ? "a map" : value.sequence != nil ? "a list" : "something else"
        throw ConfigurationError(
            name: variable, value: "…",
            allowed: isList ? "a list of texts is expected" : "a single value is expected, not \(found)", place: place)
    }

    // MARK: - Errors

    private static func invalid(_ path: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(name: "SHOPSTREAM_CONFIG", value: path, allowed: reason)
    }

    /// What the parser found, without the text around it, which may have a secret.
    private static func reason(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line): \(problem.replacing("\n", with: " "))"
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(let keys, let context):
            "line \(context.mark.line): the map that begins here has \(keys.joined(separator: " and ")) twice"
        default: "it is not YAML"
        }
    }
}
