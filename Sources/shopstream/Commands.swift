import ArgumentParser
import Auth
import Chat
import Primitives
import Reactor
import Storage

/// `shopstream token`
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a token for a user, signed with AUTH_JWT_SECRET.")

    @Option(help: "The user's id: the token's 'sub'.")
    var user: String
    @Option(help: "The user's name.")
    var name: String?
    @Option(help: "Seconds until it expires.")
    var ttl = 3_600

    func run() async throws {
        let settings = Settings()
        let environment = settings.environment
        guard let text = environment["AUTH_JWT_SECRET"], !text.isEmpty else {
            throw Exit.failure("AUTH_JWT_SECRET is missing: tokens are signed with it", status: 78)
        }
        guard ttl > 0 else { throw ValidationError("--ttl '\(ttl)': seconds, at least 1") }
        do {
            let minter = TokenMinter(
                secret: try TokenSecret(text), issuer: environment["AUTH_JWT_ISSUER"],
                audience: environment["AUTH_JWT_AUDIENCE"])
            print(
                try minter.mint(userID: UserID(user), name: name, timeToLive: .seconds(ttl), now: WallClock.now))
        } catch let error as AuthConfigurationError {
            throw Exit.failure("AUTH_JWT_SECRET cannot be used: \(error)", status: 78)
        } catch {
            throw Exit.failure("the token cannot be made: \(error)")
        }
    }
}

/// `shopstream shop`
struct ShopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shop", abstract: "Makes shops.", subcommands: [ShopCreate.self])
}

/// `shopstream shop create`
struct ShopCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Makes a shop.")

    @OptionGroup var storeOptions: StoreOptions
    @Argument(help: "The shop's id.")
    var shop: String
    @Option(help: "The shop's name.")
    var name: String?

    func run() async throws {
        try await change(storeOptions) { store throws(StorageError) in
            try await store.createShop(ShopID(shop), name: name, at: WallClock.now)
        }
    }
}

/// `shopstream member`
struct MemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member", abstract: "Says who belongs to a shop.",
        subcommands: [MemberAdd.self, MemberRemove.self, MemberList.self])
}

/// `shopstream member add`
struct MemberAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a member, or changes the role of one.")

    @OptionGroup var storeOptions: StoreOptions
    @Argument(help: "The shop's id.")
    var shop: String
    @Argument(help: "The user's id.")
    var user: String
    @Option(help: "admin or member.")
    var role = "member"

    func run() async throws {
        guard let role = ShopRole(rawValue: role) else {
            throw ValidationError("--role '\(role)': admin or member is expected")
        }
        try await change(storeOptions) { store throws(StorageError) in
            try await store.addMember(
                Membership(shopID: ShopID(shop), userID: UserID(user), role: role), at: WallClock.now)
        }
    }
}

/// `shopstream member remove`
struct MemberRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Removes a member.")

    @OptionGroup var storeOptions: StoreOptions
    @Argument(help: "The shop's id.")
    var shop: String
    @Argument(help: "The user's id.")
    var user: String

    func run() async throws {
        var wasMember = false
        try await change(storeOptions) { store throws(StorageError) in
            wasMember = try await store.removeMember(UserID(user), from: ShopID(shop))
        }
        if !wasMember { throw Exit.failure("'\(user)' is no member of '\(shop)'") }
    }
}

/// `shopstream member list`
struct MemberList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Prints the members of a shop, as a members file has them.")

    @OptionGroup var storeOptions: StoreOptions
    @Argument(help: "The shop's id.")
    var shop: String

    func run() async throws {
        try await change(storeOptions) { store throws(StorageError) in
            for member in try await store.members(of: ShopID(shop)) {
                print("\(member.shopID),\(member.userID),\(member.role.rawValue)")
            }
        }
    }
}

/// Opens the store, does one thing, closes it.
private func change(
    _ options: StoreOptions, _ body: (any Store) async throws(StorageError) -> Void
) async throws {
    let store = try await options.open()
    do throws(StorageError) {
        try await body(store)
    } catch {
        await store.close()
        throw Exit.failure(error.description, status: error.kind == .notFound ? 1 : 74)
    }
    await store.close()
}
