import ArgumentParser
import Primitives
import Reactor
import Storage

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
        try await storeOptions.change { store throws(StorageError) in
            try await store.createShop(ShopID(shop), name: name, at: WallClock.now)
        }
    }
}
