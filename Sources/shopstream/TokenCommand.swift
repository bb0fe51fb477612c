import ArgumentParser
import Auth
import Primitives
import Reactor
import Server

/// `shopstream token`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Prints a token for a user, signed with AUTH_JWT_SECRET.")

    @OptionGroup var configOption: ConfigOption
    @Option(help: "The user's id: the token's 'sub'.")
    var user: String
    @Option(help: "The user's name.")
    var name: String?
    @Option(help: "Seconds until it expires.")
    var ttl = 3_600

    func run() async throws {
        let values = try Settings(flags: configOption.flags).values
        guard let text = values.text("AUTH_JWT_SECRET") else {
            throw Exit.failure("AUTH_JWT_SECRET is missing: tokens are signed with it", status: 78)
        }
        guard ttl > 0 else { throw ValidationError("--ttl '\(ttl)': seconds, at least 1") }
        do {
            let minter = TokenMinter(
                secret: try TokenSecret(text), issuer: values.text("AUTH_JWT_ISSUER"),
                audience: values.text("AUTH_JWT_AUDIENCE"))
            print(
                try minter.mint(userID: UserID(user), name: name, timeToLive: .seconds(ttl), now: WallClock.now))
        } catch let error as AuthConfigurationError {
            throw Exit.failure("AUTH_JWT_SECRET cannot be used: \(error)", status: 78)
        } catch {
            throw Exit.failure("the token cannot be made: \(error)")
        }
    }
}
