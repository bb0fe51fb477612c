import ArgumentParser
import Storage

/// `shopstream migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Brings the store's tables up to date.",
        discussion: """
            PostgreSQL: numbered steps in one transaction, all or none; several nodes may do this at once. Tables that \
            other services made are kept and gain what they lack. Indexes are built under a lock that holds writers: \
            on large tables choose a quiet hour. SQLite files are brought up to date whenever they are opened.
            """)

    @OptionGroup var storeOptions: StoreOptions
    @Flag(help: "Print the steps that are missing, and change nothing.")
    var dryRun = false

    func run() async throws {
        let location = try storeOptions.location()
        do throws(StorageError) {
            switch location {
            case .postgres(let database):
                let steps =
                    dryRun
                    ? try await PostgresMigrator.pending(at: database) : try await PostgresMigrator.migrate(database)
                for step in steps {
                    print(dryRun ? "-- \(step.number): \(step.title)\n\(step.sql)" : "\(step.number): \(step.title)")
                }
                if steps.isEmpty { print("up to date") }
            case .sqlite, .memory:
                if !dryRun { try await location.open().close() }
                print("up to date")
            }
        } catch {
            throw Exit.failure("the store \(location) cannot be migrated: \(error)", status: 74)
        }
    }
}
