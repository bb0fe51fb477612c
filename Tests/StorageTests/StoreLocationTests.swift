import Testing

@testable import Storage

@Suite struct StoreLocationTests {
    static let good: [(text: String, location: StoreLocation)] = [
        ("sqlite:a.db", .sqlite(path: "a.db")),
        ("sqlite:/var/lib/a b:c.db", .sqlite(path: "/var/lib/a b:c.db")),
        ("memory:", .memory),
    ]

    @Test(arguments: good.indices)
    func `a store is named by its kind and its path`(index: Int) throws {
        let (text, location) = Self.good[index]
        #expect(try StoreLocation(parsing: text) == location)
        #expect(location.description == text)
    }

    @Test func `a URI is shown without its secrets`() throws {
        let location = try StoreLocation(parsing: "postgresql://user:secret@host:5433/db?sslmode=verify-full")
        #expect(location.description == "postgres://host:5433/db")
    }

    static let bad: [(text: String, error: StoreLocation.ParseError)] = [
        ("", .unknown(value: "")),
        ("memory", .unknown(value: "memory")),
        ("memory:x", .unknown(value: "memory:x")),
        ("a.db", .unknown(value: "a.db")),
        ("SQLite:a.db", .unknown(value: "SQLite:a.db")),
        ("sqlite:", .badPath(value: "sqlite:")),
        ("sqlite::memory:", .badPath(value: "sqlite::memory:")),
        ("sqlite:file:a.db?mode=memory", .badPath(value: "sqlite:file:a.db?mode=memory")),
        ("postgres://user:secret@host/db?secret=1", .badURI(reason: "invalid URI query parameter:")),
        ("postgresql://[::1", .badURI(reason: "end of string reached when looking for matching")),
        ("mysql://user:secret@host/db", .unknown(value: "mysql://…")),
    ]

    @Test(arguments: bad.indices)
    func `any other text is refused, and the error does not repeat a password`(index: Int) {
        let (text, error) = Self.bad[index]
        #expect(throws: error) { try StoreLocation(parsing: text) }
        #expect(!error.description.contains("secret"))
        #expect(error.description.contains("memory:"))
    }
}
