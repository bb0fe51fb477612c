import ArgumentParser
import Chat
import Primitives
import Reactor
import Storage

/// `shopstream member`
struct MembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member", abstract: "Manages the members of a shop.",
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
        try await storeOptions.change { store throws(StorageError) in
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
        try await storeOptions.change { store throws(StorageError) in
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
        try await storeOptions.change { store throws(StorageError) in
            for member in try await store.members(of: ShopID(shop)) {
                print("\(member.shopID),\(member.userID),\(member.role.rawValue)")
            }
        }
    }
}
