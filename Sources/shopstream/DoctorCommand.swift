import ArgumentParser
import Glibc
import Server

/// `shopstream doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examines the machine and the settings, and names the fix of each problem.",
        discussion: """
            Run it with the environment, the user and the limits of the server, before the server or beside it. It \
            changes nothing. The status is 0 without a failure and 1 with one.
            """)

    @Option(help: "The wished number of streams; without it, the findings say how many there is room for.")
    var streams: Int?
    @Flag(help: "Print an array of JSON objects with code, severity, subject, text and fix.")
    var json = false
    @Flag(help: "Count warnings as failures.")
    var strict = false
    @OptionGroup var options: ServeOptions

    func validate() throws {
        if let streams, !(1...100_000_000).contains(streams) {
            throw ValidationError("--streams '\(streams)': a whole number from 1 to 100000000")
        }
    }

    func run() async throws {
        let report = await Doctor.examine(Settings.sources(flags: options.flags), streamCount: streams)
        let isColoured = isatty(STDOUT_FILENO) == 1 && (Settings.environment["NO_COLOR"] ?? "").isEmpty
        print(json ? report.json : report.text(isColoured: isColoured), terminator: "")
        let status = report.exitStatus(isStrict: strict)
        if status != 0 { throw ExitCode(status) }
    }
}
