import Testing

@testable import Server

/// How long keys are used before they are read again.
@Suite(.timeLimit(.minutes(5))) struct KeySourceTests {
    private static let day = 24 * 3_600

    @Test(arguments: [
        (nil, 45), (0, 15), (14, 15), (15, 15), (16, 16), (3_600, 3_600), (day - 1, day - 1), (day, day),
        (day + 1, day), (Int(UInt32.max), day),
    ])
    func `the issuer says how long, within 15 s and a day`(freshness: Int?, wait: Int) {
        #expect(KeySource.wait(freshness: freshness.map { .seconds($0) }) == .seconds(wait))
    }

    @Test func `a file is read every 15 s, and a URL as its answer says`() throws {
        let file = try KeyFile([.old])
        #expect(try KeySource.file(file.path).readNow().wait == .seconds(15))
        let document = IssuerKey.document([.old])
        let issuer = try ScriptedServer(.document(document, maxAge: 600))
        defer { issuer.end() }
        let reading = try KeySource.url(try issuer.url()).readNow()
        #expect(reading == KeySource.Reading(text: Array(document.utf8), wait: .seconds(600)))
    }
}
