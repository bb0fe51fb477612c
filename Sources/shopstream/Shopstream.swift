import ArgumentParser
import Reactor
import Server

/// The process's entry point.
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
        version: Version.number,
        subcommands: [
            ServeCommand.self, TopCommand.self, DoctorCommand.self, ConfigCommand.self, MigrateCommand.self,
            TokenCommand.self, ShopCommand.self, MembersCommand.self,
        ])
}

/// Failures of the command.
enum Exit {
    /// Prints one line and returns the status.
    static func failure(_ text: String, status: Int32 = 1) -> ExitCode {
        StandardError.write(Array("shopstream: \(text)\n".utf8))
        return ExitCode(status)
    }
}
