import Glibc
import Reactor
import Server

/// The settings of a command: its environment, its flags and the configuration file.
struct Settings {
    let sources: SettingSources
    let values: SettingValues

    /// Reads them. A flag that the environment overrides is reported. An unknown name, or a file that cannot be used,
    /// ends the command with one line and status 78.
    init(flags: [String: String]) throws {
        let sources = Self.sources(flags: flags)
        self.sources = sources
        values = try Self.checked { () throws(ConfigurationError) in try sources.load() }
    }

    /// What the settings are read from. A flag that the environment overrides is reported.
    static func sources(flags: [String: String]) -> SettingSources {
        let sources = SettingSources(environment: environment, flags: flags)
        for (flag, variable) in sources.overriddenFlags {
            StandardError.write(
                Array("shopstream: \(flag) is not used: \(variable) is set and takes precedence\n".utf8))
        }
        return sources
    }

    /// All settings. An invalid one ends the command with one line and status 78.
    func configuration() throws -> ServerConfiguration {
        try Self.checked { () throws(ConfigurationError) in
            try ServerConfiguration(values, inheritedSockets: sources.inheritedSockets)
        }
    }

    /// What `body` returns. An invalid setting ends the command with one line and status 78.
    static func checked<Value>(_ body: () throws(ConfigurationError) -> Value) throws -> Value {
        do throws(ConfigurationError) { return try body() } catch {
            throw Exit.failure(error.description, status: 78)
        }
    }

    /// The variables of the process.
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        // SAFETY: the environment is not changed while the command reads it.
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            unsafe entry += 1
        }
        return variables
    }
}
