import ArgumentParser
import Server

/// `shopstream top`
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Shows what a server does, in a terminal.",
        discussion: """
            It asks the server's live view, which SHOPSTREAM_ADMIN_SECRET enables. The secret is that of the settings, \
            or --secret. q ends it.
            """)

    @Option(help: "The server: a listener that has the live view.")
    var url = "http://127.0.0.1:8080"
    @Option(help: "The secret. Other users of the machine can see it: prefer SHOPSTREAM_ADMIN_SECRET.")
    var secret: String?
    @Option(help: "Seconds from one request to the next.")
    var interval = 1.0
    @Flag(help: "Print one table and end, for scripts.")
    var once = false
    @OptionGroup var configOption: ConfigOption

    func validate() throws {
        guard (0.1...3_600).contains(interval) else {
            throw ValidationError("--interval '\(interval)': seconds, from 0.1 to 3600")
        }
    }

    func run() throws {
        let secret = try self.secret ?? Settings(flags: configOption.flags).values.text("SHOPSTREAM_ADMIN_SECRET")
        guard let secret else {
            throw Exit.failure("SHOPSTREAM_ADMIN_SECRET is missing: the server's secret is asked for", status: 78)
        }
        var signal: Int32 = 0
        do throws(LiveViewError) {
            let top = try LiveTop(server: url, secret: secret, interval: .seconds(interval))
            if once { print(try top.once(), terminator: "") } else { signal = try top.run() }
        } catch {
            throw Exit.failure(error.description, status: error.exitStatus)
        }
        // As a shell reports a process that a signal ended.
        if signal != 0 { throw ExitCode(128 + signal) }
    }
}
