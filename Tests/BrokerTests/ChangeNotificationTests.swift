import Chat
import Primitives
import Testing

@testable import Broker

@Suite struct ChangeNotificationTests {
    private func read(_ payload: String) -> ChangeNotification { ChangeNotification(payload, ownOrigin: "node-1") }

    @Test func `own writes are recognised by the prefix of the payload`() {
        #expect(read("node-1 {\"op\" : \"INSERT\", and anything at all") == .own)
        #expect(read("node-12 {\"op\" : \"DELETE\", \"id\" : \"m\", \"shop_id\" : \"s\"}") != .own)
    }

    @Test func `without an own origin every write is looked up`() {
        let payload = "node-1 {\"op\" : \"INSERT\", \"id\" : \"m1\", \"shop_id\" : \"s\"}"
        #expect(ChangeNotification(payload, ownOrigin: nil) == .message("m1", .created))
    }

    @Test func `changes of memberships are read whichever node made them`() {
        for origin in ["", "node-1", "node-2"] {
            let payload = "\(origin) {\"op\" : \"MEMBER\", \"shop_id\" : \"s 1\", \"user_id\" : \"u\"}"
            #expect(read(payload) == .memberships)
        }
    }

    @Test func `only the id of a message is read`() {
        let whole = """
             {"op" : "INSERT", "id" : "m1", "shop_id" : "s", "user_id" : "u", "message" : "forged", \
            "created_at" : -9223372036854775808, "updated_at" : 1e400}
            """
        #expect(read(whole) == .message("m1", .created))
        #expect(read(" {\"op\" : \"UPDATE\", \"id\" : \"m1\", \"shop_id\" : \"s\"}") == .message("m1", .edited))
        #expect(read("x {\"op\" : \"DELETE\", \"id\" : \"m1\"}") == .message("m1", .deleted))
    }

    @Test(arguments: [
        "", "x", "node-2 ", "node-2 {}", " {\"op\":\"TRUNCATE\",\"shop_id\":\"s\"}", " {\"op\":\"INSERT\"}",
        " {\"op\":\"INSERT\",\"id\":\"\"}", " {\"op\":\"INSERT\",\"id\":\"a\\u0000b\"}",
        " {\"op\":\"INSERT\",\"id\":7}",
        " {\"op\":\"DELETE\",\"id\":\"\(String(repeating: "x", count: 2049))\"}",
    ])
    func `a payload that the triggers do not send is unknown`(payload: String) {
        #expect(read(payload) == .unknown)
    }
}
