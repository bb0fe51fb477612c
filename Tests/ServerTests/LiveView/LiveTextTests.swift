import Testing

@testable import Server

@Suite struct LiveTextTests {
    @Test(arguments: [
        (0.0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567.4, "1,234,567"), (-5, "0"),
        (1e300, "1,000,000,000,000,000,000"),
    ])
    func `a count has commas between thousands`(number: Double, text: String) {
        #expect(LiveText.count(number) == text)
    }

    @Test(
        arguments: [
            (nil, "–"), (0, "0/s"), (0.04, "0.0/s"), (0.5, "0.5/s"), (9.94, "9.9/s"), (9.96, "10/s"),
            (12_345.6, "12,346/s"),
        ] as [(Double?, String)])
    func `a rate has a decimal when it is small`(number: Double?, text: String) {
        #expect(LiveText.rate(number) == text)
    }

    @Test(arguments: [
        (0.000_12, "120 µs"), (0.000_999, "999 µs"), (0.001, "1.0 ms"), (0.0123, "12 ms"), (0.999_9, "1.0 s"),
        (75, "75 s"),
    ])
    func `a time has the unit that suits it`(seconds: Double, text: String) {
        #expect(LiveText.time(seconds) == text)
    }

    @Test func `a quantile above the last bound says so, and none is a dash`() {
        #expect(LiveText.time(.above(1)) == "> 1.0 s")
        #expect(LiveText.time(.value(0.002)) == "2.0 ms")
        #expect(LiveText.time(nil as Quantile?) == "–")
    }

    @Test(arguments: [(0.0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (12e6, "12 MB"), (2.5e9, "2.5 GB")])
    func `bytes have the unit that suits them`(number: Double, text: String) {
        #expect(LiveText.bytes(number) == text)
    }

    @Test(arguments: [(59.0, "0 min 59 s"), (3_599, "59 min 59 s"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h")])
    func `an uptime has its two largest units`(seconds: Double, text: String) {
        #expect(LiveText.uptime(seconds) == text)
    }

    @Test func `a text of a client cannot control the terminal`() {
        #expect(LiveText.safe("a\u{1B}[2Jb\r\n\u{9B}c") == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}\u{FFFD}c")
        #expect(LiveText.safe("c\u{7F}\u{202E}d\u{200B}") == "c\u{FFFD}\u{FFFD}d\u{FFFD}")
        #expect(LiveText.safe("Bäckerei 店 👋 <b>") == "Bäckerei 店 👋 <b>")
    }

    @Test func `a text is cut to its cells, of which wide scalars take two`() {
        #expect(LiveText.width("ab店") == 4 && LiveText.width("é–…µ") == 4)
        #expect(LiveText.cut("abcdef", toWidth: 6) == "abcdef")
        #expect(LiveText.cut("abcdef", toWidth: 4) == "abc…")
        #expect(LiveText.cut("a店店", toWidth: 4) == "a店…")
        #expect(LiveText.cut("店店", toWidth: 2) == "…" && LiveText.cut("ab", toWidth: 1) == "…")
        #expect(LiveText.cut("ab", toWidth: 0).isEmpty)
    }

    @Test func `columns are as wide as their widest text`() {
        var table = LiveTable([("SHOP", .left), ("STREAMS", .right)])
        table.append(["店", "1"])
        table.append([String(repeating: "x", count: 60), "12,345"])
        let lines = table.lines(widthMax: 10)
        #expect(lines == ["SHOP        STREAMS", "店                1", "xxxxxxxxx…   12,345"])
    }
}
