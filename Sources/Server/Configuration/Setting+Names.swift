// The names of settings: variables, the variables of secret files, and keys of the configuration file.

extension Setting {
    /// A variable that begins with one of these belongs to the server.
    private static let prefixes = ["SHOPSTREAM_", "WEBSOCKET_", "AUTH_JW"]

    /// The variable that names a file with the value; nil unless the value is secret.
    var fileVariable: String? { isSecret ? "\(name)_FILE" : nil }

    /// All variables of settings, in the order of the table.
    static let variables: [String] = all.flatMap { [$0.name] + ($0.fileVariable.map { [$0] } ?? []) }

    private static let variableSet = Set(variables)

    /// The variable of each key of the configuration file. The key is the variable's name in lower case.
    static let variablesByKey = Dictionary(uniqueKeysWithValues: variables.map { ($0.lowercased(), $0) })

    /// The keys that a configuration file may have, in the order of the table.
    static let keys = variables.filter { named($0)?.isInFile ?? true }.map { $0.lowercased() }

    /// Refuses variables with the server's prefixes that no setting has. Otherwise a mistyped name would leave the
    /// default in force without a notice.
    static func refuseUnknown(in environment: [String: String]) throws(ConfigurationError) {
        let unknown = environment.keys.filter { name in
            prefixes.contains { name.hasPrefix($0) } && !variableSet.contains(name)
        }
        guard let name = unknown.min() else { return }
        // The value may be a secret under a mistyped name.
        throw ConfigurationError(
            name: name, value: "…",
            allowed: "there is no such setting; the nearest is \(nearest(to: name.uppercased(), among: variables))")
    }

    /// The key that differs least from an unknown one, which may lack `shopstream_`. If the unknown one is the first
    /// part of others, one of these.
    static func nearestKey(to key: String) -> String {
        let spellings = [key.lowercased(), "shopstream_\(key.lowercased())"]
        for spelling in spellings {
            if keys.contains(spelling) { return spelling }
            let longer = keys.filter { $0.hasPrefix("\(spelling)_") }
            if !longer.isEmpty { return nearest(to: spelling, among: longer) }
        }
        return nearest(toAnyOf: spellings, among: keys)
    }

    private static func nearest(to name: String, among names: [String]) -> String {
        nearest(toAnyOf: [name], among: names)
    }

    /// The name that differs least from one of the spellings, by insertions, deletions and substitutions of characters.
    /// The first one when several differ equally. O(spellings × names × length²).
    private static func nearest(toAnyOf spellings: [String], among names: [String]) -> String {
        let texts = spellings.map { Array($0.utf8.prefix(128)) }
        let distances = names.map { name in texts.map { distance($0, Array(name.utf8)) }.min() ?? 0 }
        return zip(names, distances).min { $0.1 < $1.1 }?.0 ?? ""
    }

    /// The Levenshtein distance, row by row of its matrix.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for rightIndex in right.indices {
                let substituted = diagonal + (byte == right[rightIndex] ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(substituted, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
