import ArgumentParser

/// The flags that stand for settings: of `serve`, and of the commands that examine what `serve` would do.
struct ServeOptions: ParsableArguments {
    @OptionGroup var storeOptions: StoreOptions
    @Option(help: "Where to listen: HOST:PORT (SHOPSTREAM_LISTEN; default 127.0.0.1:8080).")
    var listen: String?
    @Option(help: "Reactor threads (SHOPSTREAM_REACTORS; default: one for each processor).")
    var reactors: String?
    @Option(help: "A file of members, lines of shop_id,user_id,role (SHOPSTREAM_MEMBERS).")
    var members: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (SHOPSTREAM_LOG_LEVEL; default info).")
    var logLevel: String?
    @Flag(help: "Enable the demo shop, its page and unauthenticated tokens; never in production (SHOPSTREAM_DEMO).")
    var demo = false
    @Flag(help: "Take over from a server that listens there or uses the store (SHOPSTREAM_TAKEOVER).")
    var takeover = false

    /// The flags that are set, by their variables.
    var flags: [String: String] {
        let own = flagsThatAreSet([
            "SHOPSTREAM_LISTEN": listen, "SHOPSTREAM_REACTORS": reactors, "SHOPSTREAM_MEMBERS": members,
            "SHOPSTREAM_LOG_LEVEL": logLevel, "SHOPSTREAM_DEMO": demo ? "true" : nil,
            "SHOPSTREAM_TAKEOVER": takeover ? "true" : nil,
        ])
        return storeOptions.flags.merging(own) { $1 }
    }
}

/// The flags that have a value.
func flagsThatAreSet(_ flags: [String: String?]) -> [String: String] { flags.compactMapValues { $0 } }
