import Primitives
import Testing

@testable import Server

@Suite struct LogFormatTests {
    private static let time = Timestamp(microsecondsSinceEpoch: 1_767_454_200_000_000)

    private static func line(
        _ format: LogFormat, _ fields: [(String, String)], message: String = "listening", isColoured: Bool = false
    ) -> String {
        String(
            decoding: format.line(
                level: "notice", message: message, fields, at: time, isColoured: isColoured), as: UTF8.self)
    }

    @Test func `an event is a line of its format`() {
        let fields = [("address", "127.0.0.1:8080"), ("note", "two words")]
        #expect(
            Self.line(.json, fields)
                == #"{"time":"2026-01-03T15:30:00.000000Z","level":"notice","message":"listening","#
                + #""address":"127.0.0.1:8080","note":"two words"}"# + "\n")
        #expect(
            Self.line(.logfmt, fields)
                == #"time=2026-01-03T15:30:00.000000Z level=notice message=listening address=127.0.0.1:8080 "#
                + #"note="two words""# + "\n")
        #expect(
            Self.line(.text, fields)
                == #"2026-01-03T15:30:00.000000Z NOTICE listening  address=127.0.0.1:8080 note="two words""# + "\n")
        #expect(Self.line(.text, []) == "2026-01-03T15:30:00.000000Z NOTICE listening\n")
    }

    @Test func `text has colours where they are wanted`() {
        #expect(Self.line(.text, [], isColoured: true).contains("\u{1b}[32mNOTICE\u{1b}[0m"))
        #expect(!Self.line(.json, [], isColoured: true).contains("\u{1b}"))
        #expect(!Self.line(.logfmt, [], isColoured: true).contains("\u{1b}"))
    }

    @Test(arguments: LogFormat.allCases, ["a\nb", "a\u{1b}[31mb", "a\u{9b}31mb", "a\u{7f}b", "a\0b", "\r"])
    func `a value neither begins another line nor commands a terminal`(format: LogFormat, value: String) {
        for line in [Self.line(format, [("key", value)]), Self.line(format, [], message: value)] {
            let scalars = line.unicodeScalars.dropLast()
            #expect(line.hasSuffix("\n"))
            if format == .json {
                #expect(scalars.allSatisfy { $0.value >= 0x20 })
            } else {
                #expect(scalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) })
            }
        }
    }

    @Test(arguments: [
        ("", #"key="""#), ("a=b", #"key="a=b""#), (#"say "hi""#, #"key="say \"hi\"""#), (#"a\b"#, #"key="a\\b""#),
        ("grüße", #"key="grüße""#), ("plain", "key=plain"),
    ])
    func `a value has quotes where it needs them`(value: String, expected: String) {
        #expect(Self.line(.logfmt, [("key", value)]).hasSuffix(" \(expected)\n"))
    }
}
