import ArgumentParser
import Reactor
import Server

/// `shopstream config`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Prints the settings in force and where each value comes from; secrets are hidden.",
        discussion: """
            It reads what serve would read with the same flags and environment. An invalid setting ends it with one \
            line and status 78.
            """)

    @OptionGroup var options: ServeOptions
    @Flag(help: "Print an array of JSON objects with name, value, source, origin and applies_on_reload.")
    var json = false
    @Flag(help: "Leave out the settings that have their defaults.")
    var changed = false
    @Flag(help: "Print nothing: the status says whether the settings are valid.")
    var check = false

    func run() async throws {
        let settings = try Settings(flags: options.flags)
        let configuration = try settings.configuration()
        for path in settings.values.exposedPaths {
            StandardError.write(
                Array("shopstream: every user of the machine may read \(path), which has a secret\n".utf8))
        }
        guard !check else { return }
        let listing = SettingListing(settings.values, configuration, isChangedOnly: changed)
        print(json ? listing.json : listing.text, terminator: "")
    }
}
