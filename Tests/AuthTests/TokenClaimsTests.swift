import Primitives
import Testing

@testable import Auth

/// The form of a token and the rules of its claims.
@Suite struct TokenClaimsTests {
    static let now = TestToken.nowSeconds

    private func verify(_ claims: String, issuer: String? = nil, audience: String? = nil) throws -> Identity {
        try TestToken.verifier(issuer: issuer, audience: audience).verify(
            try TestToken.hs256(claims), now: TestToken.now)
    }

    @Test func `a token names its user`() throws {
        let identity = try verify(
            #"{"sub":"u1","user_id":"u2","name":"Zoë","email":"z@example.com","exp":\#(Self.now + 60),"more":[1]}"#)
        #expect(
            identity
                == Identity(
                    userID: UserID("u1"), name: "Zoë",
                    expiresAt: Timestamp(microsecondsSinceEpoch: (Self.now + 90) * 1_000_000)))
    }

    static let good: [String] = [
        #"{"user_id":"user","exp":\#(now + 1)}"#,
        #"{"sub":null,"user_id":"user","exp":\#(now + 1)}"#,
        #"{"sub":"user","user_id":7,"exp":\#(now + 1)}"#,
        #"{"sub":"user","exp":\#(now + 1),"name":7}"#,
        #"{"sub":"user","exp":\#(now + 1),"iss":"any","aud":["any"]}"#,
        #"{"sub":"user","exp":\#(now - 29)}"#,
        #"{"sub":"user","exp":\#(now).5}"#,
        #"{"sub":"user","exp":1.9e9}"#,
        #"{"sub":"user","exp":1e300}"#,
        #"{"sub":"user","exp":99999999999999999999999999}"#,
        #"{"sub":"user","exp":\#(now + 1),"nbf":\#(now + 30)}"#,
        #"{"sub":"user","exp":\#(now + 1),"nbf":\#(now).25}"#,
        #"{"sub":"user","exp":\#(now + 1),"nbf":-1e300}"#,
        #"{"sub":"user","exp":\#(now + 1),"nbf":null,"iat":\#(now + 1000)}"#,
        #"{"s\u0075b":"us\u0065r","\u0065xp":\#(now + 1)}"#,
        #"{"sub":"user","exp":\#(now + 1)e0}"#,
        #"{"sub":"user","exp":17674542010E-1}"#,
        #"{"sub":"user","exp":\#(now + 1),"name":"\ud800"}"#,
        #"{"sub":"user","exp":\#(now + 1),"x":1e999,"x":2,"user_id_of_another":7}"#,
        " \n{ \"sub\" : \"user\" ,\t\"exp\" : \(now + 1) }\r ",
    ]

    @Test(arguments: good)
    func `good claims are accepted`(claims: String) throws {
        #expect(try verify(claims).userID.text == "user")
    }

    static let long = String(repeating: "x", count: Limits.userIDByteCountMax + 1)
    static let bad: [(claims: String, error: AuthError)] = [
        (#"{"sub":"user"}"#, .missingClaim),
        (#"{"sub":"user","exp":null}"#, .missingClaim),
        (#"{"sub":"user","exp":\#(now - 30)}"#, .expired),
        (#"{"sub":"user","exp":0}"#, .expired),
        (#"{"sub":"user","exp":-1e300}"#, .expired),
        (#"{"sub":"user","exp":-9223372036854775809}"#, .expired),
        (#"{"sub":"user","exp":"\#(now + 60)"}"#, .invalidClaim),
        (#"{"sub":"user","exp":true}"#, .invalidClaim),
        (#"{"sub":"user","exp":[1]}"#, .invalidClaim),
        (#"{"sub":"user","exp":NaN}"#, .malformed),
        (#"{"sub":"user","exp":1e999}"#, .malformed),
        (#"{"sub":"user","exp":\#(now + 60),"nbf":\#(now + 31)}"#, .notYetValid),
        (#"{"sub":"user","exp":\#(now + 60),"nbf":1e300}"#, .notYetValid),
        (#"{"sub":"user","exp":\#(now + 60),"nbf":"soon"}"#, .invalidClaim),
        (#"{"exp":\#(now + 60)}"#, .missingClaim),
        (#"{"sub":"","user_id":"user","exp":\#(now + 60)}"#, .invalidClaim),
        (#"{"sub":7,"user_id":"user","exp":\#(now + 60)}"#, .invalidClaim),
        (#"{"user_id":7,"exp":\#(now + 60)}"#, .invalidClaim),
        (#"{"sub":"a\u0000b","exp":\#(now + 60)}"#, .invalidClaim),
        (#"{"sub":"a\nb","exp":\#(now + 60)}"#, .invalidClaim),
        (#"{"sub":"\#(long)","exp":\#(now + 60)}"#, .invalidClaim),
        (#"[]"#, .malformed),
        (#""sub""#, .malformed),
        (#"{"sub":"user","exp":\#(now + 60)"#, .malformed),
        ("", .malformed),
        (#"{"sub":"\ud800","exp":\#(now + 60)}"#, .malformed),
        (#"{"sub\u0000":"user","exp":\#(now + 60)}"#, .missingClaim),
        (#"{"sub":"user","exp":0\#(now + 60)}"#, .malformed),
        (#"{"sub":"user","exp":+\#(now + 60)}"#, .malformed),
        (#"{"sub":"user","exp":0x7fffffff}"#, .malformed),
        (#"{"sub":"user","exp":\#(now + 60).}"#, .malformed),
        (#"{"sub":"user","exp":1e-999}"#, .expired),
        (#"{"sub":"user","exp":-0}"#, .expired),
        (#"{"sub":"user","exp":\#(now + 60),"iss":null,"aud":[null]}"#, .invalidClaim),
        (#"{"sub":"user","exp":\#(now + 60),}"#, .malformed),
        (#"{"sub":"user","exp":\#(now + 60)}{}"#, .malformed),
        (#"{"sub":"user","exp":\#(now + 60)} x"#, .malformed),
        (#"{"sub":"user" "exp":\#(now + 60)}"#, .malformed),
        (#"{'sub':'user','exp':\#(now + 60)}"#, .malformed),
        (#"{"sub":"user","exp":\#(now + 60),"exp":\#(now + 60)}"#, .malformed),
        (#"{"sub":"user","s\u0075b":"admin","exp":\#(now + 60)}"#, .malformed),
        ("{\"sub\":\"user\",\"exp\":\(now + 60),\"x\":\"a\tb\"}", .malformed),
        ("\u{feff}{\"sub\":\"user\",\"exp\":\(now + 60)}", .malformed),
    ]

    @Test(arguments: bad.indices)
    func `bad claims are refused`(index: Int) throws {
        let (claims, error) = Self.bad[index]
        #expect(throws: error, "\(claims)") { try verify(claims) }
    }

    static let expectations: [(claims: String, issuer: String?, audience: String?, error: AuthError?)] = [
        (#""iss":"i""#, "i", nil, nil),
        (#""iss":"I""#, "i", nil, .wrongIssuer),
        (#""iss":"e\u0301""#, "\u{e9}", nil, .wrongIssuer),
        (#""x":1"#, "i", nil, .missingClaim),
        (#""iss":7"#, "i", nil, .invalidClaim),
        (#""aud":"a""#, nil, "a", nil),
        (#""aud":["b","a"]"#, nil, "a", nil),
        (#""aud":["b"]"#, nil, "a", .wrongAudience),
        (#""aud":[]"#, nil, "a", .wrongAudience),
        (#""aud":"ab""#, nil, "a", .wrongAudience),
        (#""x":1"#, nil, "a", .missingClaim),
        (#""aud":null"#, nil, "a", .missingClaim),
        (#""aud":[7]"#, nil, "a", .invalidClaim),
        (#""aud":{"a":1}"#, nil, "a", .invalidClaim),
        (#""iss":"i","aud":"a""#, "i", "a", nil),
    ]

    @Test(arguments: expectations.indices)
    func `issuer and audience must be the configured ones`(index: Int) throws {
        let (members, issuer, audience, error) = Self.expectations[index]
        let claims = "{\"sub\":\"user\",\"exp\":\(Self.now + 60),\(members)}"
        if let error {
            #expect(throws: error, "\(members)") { try verify(claims, issuer: issuer, audience: audience) }
        } else {
            #expect(try verify(claims, issuer: issuer, audience: audience).userID.text == "user")
        }
    }

    static let names: [(claim: String, name: String?)] = [
        (#""""#, nil), (#""a\u0000b""#, nil), (#""a\nb""#, nil), (#""Zo\u0308e""#, "Zo\u{308}e"),
        ("\"\(String(repeating: "x", count: 300))\"", String(repeating: "x", count: 256)),
        ("\"\(String(repeating: "é", count: 200))\"", String(repeating: "é", count: 128)),
        ("\"x\(String(repeating: "é", count: 200))\"", "x" + String(repeating: "é", count: 127)),
    ]

    @Test(arguments: names.indices)
    func `a name must be displayable`(index: Int) throws {
        let (claim, name) = Self.names[index]
        #expect(try verify("{\"sub\":\"user\",\"exp\":\(Self.now + 60),\"name\":\(claim)}").name == name)
    }

    @Test func `an expiry beyond all dates is the last date`() throws {
        #expect(try verify(#"{"sub":"user","exp":1e300}"#).expiresAt == .latest)
    }

    @Test(arguments: [0, 30, 60])
    func `the leeway is exact`(leewaySeconds: Int64) throws {
        let verifier = try TestToken.verifier(leeway: .seconds(leewaySeconds), cachedTokenCountMax: 0)
        let token = try TestToken.hs256(#"{"sub":"user","exp":1000,"nbf":500}"#)
        func at(_ seconds: Int64, _ microseconds: Int64 = 0) -> Timestamp {
            Timestamp(microsecondsSinceEpoch: seconds * 1_000_000 + microseconds)
        }
        #expect(try verifier.verify(token, now: at(1000 + leewaySeconds, -1)).userID.text == "user")
        #expect(throws: AuthError.expired) { try verifier.verify(token, now: at(1000 + leewaySeconds)) }
        #expect(try verifier.verify(token, now: at(500 - leewaySeconds)).userID.text == "user")
        #expect(throws: AuthError.notYetValid) { try verifier.verify(token, now: at(500 - leewaySeconds, -1)) }
    }

    // MARK: Form

    static let forms: [(token: String, error: AuthError)] = [
        ("", .missing), (".", .malformed), ("..", .malformed), ("a.b", .malformed), ("a.b.c.d", .malformed),
        ("e30.e30.e30", .malformed), ("bearer", .malformed), ("e30=.e30=.e30=", .malformed), (" ", .malformed),
        (String(repeating: "a", count: Limits.tokenByteCountMax), .malformed),
        (String(repeating: "a", count: Limits.tokenByteCountMax + 1), .tooLong),
        ("é.é.é", .malformed),
    ]

    @Test(arguments: forms.indices)
    func `a text that is not a token is refused`(index: Int) throws {
        let (token, error) = Self.forms[index]
        #expect(throws: error) { try TestToken.verifier().verify(token, now: TestToken.now) }
    }

    @Test(arguments: [
        "{}", "[]", "{\"alg\":7}", "{\"alg\":\"HS256\",\"kid\":7}", "", "{", "{\"alg\":null}",
        #"{"alg":"HS256","alg":"HS256"}"#, #"{"alg":"HS256","kid":"a","kid":"b"}"#,
    ])
    func `a header without an algorithm is malformed`(header: String) throws {
        let token = try TestToken.make(header: header, signer: { _ in [1] })
        #expect(throws: AuthError.malformed) { try TestToken.verifier().verify(token, now: TestToken.now) }
    }

    @Test func `a token of eight kibibytes is verified`() throws {
        let overhead = try TestToken.hs256(#"{"sub":"user","exp":\#(Self.now + 60),"x":""}"#).utf8.count
        let filler = String(repeating: "x", count: (Limits.tokenByteCountMax - overhead) / 4 * 3)
        let token = try TestToken.hs256(#"{"sub":"user","exp":\#(Self.now + 60),"x":"\#(filler)"}"#)
        #expect(token.utf8.count <= Limits.tokenByteCountMax && token.utf8.count > Limits.tokenByteCountMax - 8)
        #expect(try TestToken.verifier().verify(token, now: TestToken.now).userID.text == "user")
    }

    @Test(arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xc3]] as [[UInt8]])
    func `claims that are not UTF-8 are malformed`(bytes: [UInt8]) throws {
        for place in ["sub", "more"] {
            let json = Array("{\"exp\":\(Self.now + 60),\"\(place)\":\"".utf8) + bytes + Array("\"}".utf8)
            let signed = "\(Base64URL.encode(#"{"alg":"HS256"}"#.utf8)).\(Base64URL.encode(json))"
            let signature = try TestKeys.hs256(Array(TestKeys.secretText.utf8))(Array(signed.utf8))
            #expect(throws: AuthError.malformed) {
                try TestToken.verifier().verify("\(signed).\(Base64URL.encode(signature))", now: TestToken.now)
            }
        }
    }

    @Test func `deep nesting is refused, not a crash`() throws {
        let deep = String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
        #expect(throws: AuthError.malformed) { try verify(#"{"sub":"user","exp":\#(Self.now + 60),"x":\#(deep)}"#) }
    }
}
