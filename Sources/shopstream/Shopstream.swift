import ArgumentParser
import Auth
import Glibc
import Logging
import Primitives
import Reactor
import Server
import Storage

/// The process.
@main
enum Process {
    static func main() async {
        StandardError.fillClosedDescriptors()
        await Shopstream.main()
    }
}

/// The command.
struct Shopstream: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shopstream",
        abstract: "Streams the messages of shops to everyone who watches them.",
        discussion: "Every option has an environment variable; Sources/Server/README.md lists them all.",
        subcommands: [Serve.self, Migrate.self, Token.self, ShopCommand.self, MemberCommand.self])
}

/// The environment, with the options that were given for those variables that are not set.
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

    /// Enters a flag's value under its variable. The environment goes over flags: a flag that it overrides is reported.
    mutating func set(_ name: String, _ value: String?) {
        guard let value else { return }
        let present = environment[name] ?? ""
        if present.isEmpty {
            environment[name] = value
        } else if present != value {
            let flag = "--" + name.split(separator: "_").dropFirst().joined(separator: "-").lowercased()
            StandardError.write(Array("shopstream: \(flag) is not used: \(name) is set, and goes over it\n".utf8))
        }
    }

    /// All settings; a wrong one ends the command with one line and status 78.
    func configuration() throws -> ServerConfiguration {
        do throws(ConfigurationError) {
            return try ServerConfiguration(environment: environment)
        } catch {
            throw Exit.failure(error.description, status: 78)
        }
    }
}

/// Ends of the command.
enum Exit {
    /// Prints one line and gives the status.
    static func failure(_ text: String, status: Int32 = 1) -> ExitCode {
        StandardError.write(Array("shopstream: \(text)\n".utf8))
        return ExitCode(status)
    }
}

/// `--store`, which every command takes.
struct StoreOptions: ParsableArguments {
    @Option(
        help: "sqlite:PATH, postgres://HOST/DATABASE or memory: (SHOPSTREAM_STORE; default sqlite:shopstream.sqlite).")
    var store: String?

    /// Where the store is; a text that names none ends the command with one line and status 78.
    func location() throws -> StoreLocation {
        var settings = Settings()
        settings.set("SHOPSTREAM_STORE", store)
        let text = settings.environment["SHOPSTREAM_STORE"] ?? "sqlite:shopstream.sqlite"
        do {
            return try StoreLocation(parsing: text)
        } catch {
            // A URI may hold a password.
            let shown = text.contains("://") ? "…" : text
            throw Exit.failure("SHOPSTREAM_STORE='\(shown)' cannot be used: \(error)", status: 78)
        }
    }

    /// Opens the store for a command that changes it while no server, or another process, runs on it.
    func open() async throws -> any Store {
        let location = try location()
        do {
            return try await location.open()
        } catch {
            throw Exit.failure("the store \(location) cannot be used: \(error)", status: 74)
        }
    }
}
