import Glibc
import Reactor
import Server

/// The environment, plus the options for variables that are not set.
struct Settings {
    private(set) var environment: [String: String] = [:]

    init() {
        // SAFETY: the environment is not changed while the command reads it.
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { environment[String(pair[0])] = String(pair[1]) }
            unsafe entry += 1
        }
    }

    /// Sets a flag's value under its variable. The environment takes precedence: a flag that it overrides is reported.
    mutating func set(_ name: String, _ value: String?) {
        guard let value else { return }
        let present = environment[name] ?? ""
        if present.isEmpty {
            environment[name] = value
        } else if present != value {
            let flag = "--" + name.split(separator: "_").dropFirst().joined(separator: "-").lowercased()
            StandardError.write(Array("shopstream: \(flag) is not used: \(name) is set and takes precedence\n".utf8))
        }
    }

    /// All settings. An invalid one ends the command with one line and status 78.
    func configuration() throws -> ServerConfiguration {
        do throws(ConfigurationError) {
            return try ServerConfiguration(environment: environment)
        } catch {
            throw Exit.failure(error.description, status: 78)
        }
    }
}
