import Storage
import Testing

@testable import Server

@Suite struct SettingSourcesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func values(
        _ environment: [String: String], flags: [String: String] = [:], file: String? = nil
    ) throws -> SettingValues {
        var environment = environment
        if let file { environment["SHOPSTREAM_CONFIG"] = try folder.write(file) }
        return try SettingSources(environment: environment, flags: flags).load()
    }

    private func refusal(
        _ environment: [String: String], flags: [String: String] = [:], file: String? = nil
    ) -> String? {
        do {
            _ = try ServerConfiguration(values(environment, flags: flags, file: file))
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func setting(_ name: String) throws -> Setting { try #require(Setting.named(name)) }

    // MARK: - Precedence

    @Test func `the environment goes over flags, flags over the file, and the file over the default`() throws {
        let level = try setting("SHOPSTREAM_LOG_LEVEL")
        let (environment, flags) = (["SHOPSTREAM_LOG_LEVEL": "error"], ["SHOPSTREAM_LOG_LEVEL": "debug"])
        let file = "shopstream_mode: development\nshopstream_log_level: trace"
        let path = "\(folder.path)/shopstream.yaml"
        let all = try values(environment, flags: flags, file: file)[level]
        #expect(all.text == "error" && all.source == .environment)
        let flag = try values([:], flags: flags, file: file)[level]
        #expect(flag.text == "debug" && flag.source == .flag("--log-level"))
        let inFile = try values([:], file: file)[level]
        #expect(inFile.text == "trace")
        #expect(inFile.source == .file(SettingPlace(path: path, line: 2, key: "shopstream_log_level")))
        let standard = try values([:])[level]
        #expect(standard.text == "info" && standard.source == .standard)
    }

    @Test func `an empty variable counts as unset`() throws {
        #expect(
            try values(["SHOPSTREAM_LISTEN": ""], file: "shopstream_listen: 127.0.0.1:1").text("SHOPSTREAM_LISTEN")
                == "127.0.0.1:1")
        #expect(try values(["AUTH_JWT_SECRET_FILE": ""]).text("AUTH_JWT_SECRET") == nil)
    }

    @Test func `a flag that the environment overrides with another value is known`() {
        let sources = SettingSources(
            environment: ["SHOPSTREAM_LISTEN": "a", "SHOPSTREAM_STORE": "b"],
            flags: ["SHOPSTREAM_LISTEN": "a", "SHOPSTREAM_STORE": "c", "SHOPSTREAM_REACTORS": "2"])
        #expect(sources.overriddenFlags.map(\.flag) == ["--store"])
        #expect(sources.overriddenFlags.map(\.variable) == ["SHOPSTREAM_STORE"])
    }

    @Test func `the flag names the file, unless the environment names one`() throws {
        let one = try folder.write("shopstream_reactors: 3", to: "1")
        let other = try folder.write("shopstream_reactors: 4", to: "2")
        #expect(try values([:], flags: ["SHOPSTREAM_CONFIG": one]).text("SHOPSTREAM_REACTORS") == "3")
        let both = try values(["SHOPSTREAM_CONFIG": other], flags: ["SHOPSTREAM_CONFIG": one])
        #expect(both.text("SHOPSTREAM_REACTORS") == "4")
    }

    // MARK: - Errors

    @Test func `an invalid value of the file is refused with its place`() {
        let path = "\(folder.path)/shopstream.yaml"
        #expect(
            refusal([:], file: "shopstream_log:\n  level: loud")?.hasPrefix(
                "\(path):2: shopstream_log.level='loud' cannot be used: ") == true)
        // The environment's value is wrong, and the file's is not in force.
        #expect(
            refusal(["SHOPSTREAM_LOG_LEVEL": "x"], file: "shopstream_log_level: y")?.hasPrefix(
                "SHOPSTREAM_LOG_LEVEL='x'") == true)
    }

    @Test func `a file that cannot be read is refused`() throws {
        #expect(
            refusal(["SHOPSTREAM_CONFIG": "/nowhere/s.yaml"])
                == "SHOPSTREAM_CONFIG='/nowhere/s.yaml' cannot be used: it cannot be read (No such file or directory)")
        #expect(
            refusal(["SHOPSTREAM_CONFIG": folder.path])
                == "SHOPSTREAM_CONFIG='\(folder.path)' cannot be used: it is not a regular file")
        #expect(refusal(["SHOPSTREAM_CONFIG": "/dev/zero"])?.hasSuffix("it is not a regular file") == true)
        let comment = "# " + String(repeating: "x", count: ConfigurationFile.byteCountMax - 3) + "\n"
        #expect(comment.utf8.count == ConfigurationFile.byteCountMax)
        #expect(refusal([:], file: comment) == nil)
        #expect(refusal([:], file: comment + "\n")?.hasSuffix("it is larger than 1048576 bytes") == true)
    }

    // MARK: - Secrets

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), ("a\n\n", "a\n"), (" a b ", " a b "),
    ])
    func `a secret file has the value, without the line break at its end`(content: String, value: String) throws {
        let path = try folder.write(content, to: "secret")
        let entry = try values(["AUTH_JWT_SECRET_FILE": path])[setting("AUTH_JWT_SECRET")]
        #expect(entry.text == value && entry.source == .secretFile(path))
        let named = try values([:], file: "auth: {jwt_secret_file: \(path)}")[setting("AUTH_JWT_SECRET")]
        #expect(named.text == value && named.source == .secretFile(path))
    }

    @Test func `the store may be in a file too, and its URI is shown without the password`() throws {
        let path = try folder.write("postgres://u:hunter2@h/d\n", to: "store")
        let values = try values(["SHOPSTREAM_STORE_FILE": path])
        #expect(try values.store().description.contains("hunter2") == false)
        let store = try setting("SHOPSTREAM_STORE")
        #expect(store.shown("postgres://u:hunter2@h/d").contains("hunter2") == false)
        #expect(store.shown("postgres//u:hunter2@h/d") == "(hidden)")
        #expect(store.shown("sqlite:a") == "sqlite:a")
        #expect(try setting("AUTH_JWT_SECRET").shown("x") == "(hidden)")
    }

    @Test func `a secret and its file in one source are refused, and else the source of precedence counts`() throws {
        let path = try folder.write("in a file", to: "secret")
        let both = "not together with AUTH_JWT_SECRET"
        #expect(
            refusal(["AUTH_JWT_SECRET": "x", "AUTH_JWT_SECRET_FILE": path])
                == "AUTH_JWT_SECRET_FILE='\(path)' cannot be used: \(both)")
        #expect(refusal([:], file: "auth: {jwt_secret: x, jwt_secret_file: \(path)}")?.hasSuffix(both) == true)
        #expect(
            try values(["AUTH_JWT_SECRET": "x"], file: "auth: {jwt_secret_file: \(path)}").text("AUTH_JWT_SECRET")
                == "x")
        #expect(
            try values(["AUTH_JWT_SECRET_FILE": path], file: "auth: {jwt_secret: x}").text("AUTH_JWT_SECRET")
                == "in a file")
        let store = try folder.write("memory:", to: "store")
        #expect(
            try values([:], flags: ["SHOPSTREAM_STORE": "sqlite:a"], file: "shopstream_store_file: \(store)").text(
                "SHOPSTREAM_STORE")
                == "sqlite:a")
        #expect(try values([:], file: "shopstream_store_file: \(store)").text("SHOPSTREAM_STORE") == "memory:")
    }

    @Test func `a secret file that cannot be used is refused`() throws {
        let name = "AUTH_JWT_SECRET_FILE"
        #expect(
            refusal([name: "/nowhere"])
                == "\(name)='/nowhere' cannot be used: it cannot be read (No such file or directory)")
        for content in ["", "\n"] {
            let path = try folder.write(content, to: "secret")
            #expect(refusal([name: path]) == "\(name)='\(path)' cannot be used: the file is empty")
        }
        let path = try folder.write(String(repeating: "x", count: (64 << 10) + 1), to: "secret")
        #expect(refusal([name: path])?.hasSuffix("it is larger than 65536 bytes") == true)
        #expect(refusal([:], file: "\nauth_jwt_secret_file: /nowhere")?.contains(":2: auth_jwt_secret_file=") == true)
    }

    @Test func `an invalid value in a secret file is refused with the file, and not shown`() throws {
        let path = try folder.write("postgres://u:hunter2@h/d?x=%", to: "store")
        let line = try #require(refusal(["SHOPSTREAM_STORE_FILE": path]))
        #expect(line.hasPrefix("\(path): SHOPSTREAM_STORE='…' cannot be used: ") && !line.contains("hunter2"))
    }

    @Test(arguments: ["postgres//u:hunter2@h/d", "u:hunter2@h", "postgres:/u:hunter2@h", "mysql://u:hunter2@h/d"])
    func `a password in a mistyped URI is not shown`(text: String) throws {
        let line = try #require(refusal(["SHOPSTREAM_STORE": text]))
        #expect(line.hasPrefix("SHOPSTREAM_STORE='…' cannot be used: ") && !line.contains("hunter2"))
    }

    @Test func `files with a secret that others may read are known`() throws {
        let secret = try folder.write("s", to: "secret", permissions: 0o604)
        #expect(try values(["AUTH_JWT_SECRET_FILE": secret]).exposedPaths == [secret])
        let file = try folder.write("auth: {jwt_secret: s}", permissions: 0o644)
        #expect(try values(["SHOPSTREAM_CONFIG": file]).exposedPaths == [file])
        // The secret of the file is not in force.
        #expect(try values(["SHOPSTREAM_CONFIG": file, "AUTH_JWT_SECRET": "x"]).exposedPaths == [])
        let harmless = try folder.write("shopstream_reactors: 2", permissions: 0o644)
        #expect(try values(["SHOPSTREAM_CONFIG": harmless]).exposedPaths == [])
    }

    @Test func `AUTH_JWKS_FILE is an ordinary setting`() throws {
        #expect(try values(["AUTH_JWKS_FILE": "/nowhere"]).text("AUTH_JWKS_FILE") == "/nowhere")
    }
}
