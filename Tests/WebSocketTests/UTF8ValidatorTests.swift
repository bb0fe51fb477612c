import Primitives
import Testing

@testable import WebSocket

@Suite struct UTF8ValidatorTests {
    /// Takes the pieces; false when one is refused or the end cuts a sequence short.
    static func accepts(_ pieces: [some Collection<UInt8>]) -> Bool {
        var validator = UTF8Validator()
        for piece in pieces {
            let bytes = Array(piece)
            guard validator.accept(bytes.span) else { return false }
        }
        return validator.isComplete
    }

    static func isUTF8(_ bytes: some Sequence<UInt8>) -> Bool {
        String(validating: Array(bytes), as: UTF8.self) != nil
    }

    /// In the wide steps and in the single ones: after and before ASCII of several lengths, at every split.
    static func expect(_ bytes: [UInt8], isValid: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        for padding in [0, 1, 3, 8, 31, 32, 40] {
            let ascii = [UInt8](repeating: 0x20, count: padding)
            for text in [ascii + bytes, bytes + ascii, ascii + bytes + ascii] {
                for cut in 0...text.count {
                    #expect(
                        accepts([text[..<cut], text[cut...]]) == isValid, "\(text) cut at \(cut)",
                        sourceLocation: sourceLocation
                    )
                }
                #expect(accepts(text.map { [$0] }) == isValid, "\(text)", sourceLocation: sourceLocation)
            }
        }
    }

    /// The classes of Markus Kuhn's "UTF-8 decoder capability and stress test", by its sections.
    static let valid: [(String, [UInt8])] = [
        ("1: correct text", Array("κόσμε".utf8)),
        ("2.1.1: first of one byte", [0x00]),
        ("2.1.2: first of two bytes", [0xC2, 0x80]),
        ("2.1.3: first of three bytes", [0xE0, 0xA0, 0x80]),
        ("2.1.4: first of four bytes", [0xF0, 0x90, 0x80, 0x80]),
        ("2.2.1: last of one byte", [0x7F]),
        ("2.2.2: last of two bytes", [0xDF, 0xBF]),
        ("2.2.3: last of three bytes", [0xEF, 0xBF, 0xBF]),
        ("2.3.1: last before the surrogates", [0xED, 0x9F, 0xBF]),
        ("2.3.2: first after the surrogates", [0xEE, 0x80, 0x80]),
        ("2.3.3: the replacement character", [0xEF, 0xBF, 0xBD]),
        ("2.3.4: the last code point", [0xF4, 0x8F, 0xBF, 0xBF]),
        ("5.3: noncharacters", [0xEF, 0xBF, 0xBE, 0xEF, 0xB7, 0x90, 0xF0, 0x9F, 0xBF, 0xBE]),
    ]

    static let invalid: [(String, [UInt8])] = [
        ("2.1.5: first of five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
        ("2.1.6: first of six bytes", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]),
        ("2.2.4: last of four bytes", [0xF7, 0xBF, 0xBF, 0xBF]),
        ("2.2.5: last of five bytes", [0xFB, 0xBF, 0xBF, 0xBF, 0xBF]),
        ("2.2.6: last of six bytes", [0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]),
        ("2.3.5: first past the last code point", [0xF4, 0x90, 0x80, 0x80]),
        ("3.1.1: a continuation byte", [0x80]),
        ("3.1.2: the last continuation byte", [0xBF]),
        ("3.1.3: two continuation bytes", [0x80, 0xBF]),
        ("3.1.8: seven continuation bytes", [0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF, 0x80]),
        ("3.2.1: two-byte leads and spaces", (0xC0...0xDF).flatMap { [$0, 0x20] }),
        ("3.2.2: three-byte leads and spaces", (0xE0...0xEF).flatMap { [$0, 0x20] }),
        ("3.2.3: four-byte leads and spaces", (0xF0...0xF7).flatMap { [$0, 0x20] }),
        ("3.3.1: two bytes, the last missing", [0xC3]),
        ("3.3.2: three bytes, the last missing", [0xE0, 0xA0]),
        ("3.3.3: four bytes, the last missing", [0xF0, 0x90, 0x80]),
        ("3.3.6: two bytes, the last missing at the end of the range", [0xDF]),
        ("3.3.7: three bytes, the last missing at the end of the range", [0xEF, 0xBF]),
        ("3.4: incomplete sequences in a row", [0xC3, 0xE0, 0xA0, 0xF0, 0x90, 0x80, 0xEF, 0xBF]),
        ("3.5.1: FE", [0xFE]),
        ("3.5.2: FF", [0xFF]),
        ("3.5.3: FE and FF", [0xFE, 0xFE, 0xFF, 0xFF]),
        ("4.1.1: overlong slash in two bytes", [0xC0, 0xAF]),
        ("4.1.2: overlong slash in three bytes", [0xE0, 0x80, 0xAF]),
        ("4.1.3: overlong slash in four bytes", [0xF0, 0x80, 0x80, 0xAF]),
        ("4.1.4: overlong slash in five bytes", [0xF8, 0x80, 0x80, 0x80, 0xAF]),
        ("4.1.5: overlong slash in six bytes", [0xFC, 0x80, 0x80, 0x80, 0x80, 0xAF]),
        ("4.2.1: the greatest overlong of two bytes", [0xC1, 0xBF]),
        ("4.2.2: the greatest overlong of three bytes", [0xE0, 0x9F, 0xBF]),
        ("4.2.3: the greatest overlong of four bytes", [0xF0, 0x8F, 0xBF, 0xBF]),
        ("4.3.1: overlong NUL in two bytes", [0xC0, 0x80]),
        ("4.3.2: overlong NUL in three bytes", [0xE0, 0x80, 0x80]),
        ("4.3.3: overlong NUL in four bytes", [0xF0, 0x80, 0x80, 0x80]),
        ("5.1.1: the first surrogate", [0xED, 0xA0, 0x80]),
        ("5.1.4: the first low surrogate", [0xED, 0xB0, 0x80]),
        ("5.1.7: the last surrogate", [0xED, 0xBF, 0xBF]),
        ("5.2.1: a pair of surrogates", [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80]),
        ("5.2.8: the last pair of surrogates", [0xED, 0xAF, 0xBF, 0xED, 0xBF, 0xBF]),
    ]

    @Test(arguments: valid)
    func `valid sequences are accepted at every split`(_ name: String, _ bytes: [UInt8]) {
        Self.expect(bytes, isValid: true)
    }

    @Test(arguments: invalid)
    func `invalid sequences are refused at every split`(_ name: String, _ bytes: [UInt8]) {
        // An incomplete sequence is refused by what follows, or by the end.
        Self.expect(bytes, isValid: false)
    }

    @Test func `every scalar is accepted in the wide steps and in the single ones`() {
        var validator = UTF8Validator()
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var bytes = UTF8.encode(scalar).map(Array.init) ?? []
            for byte in bytes where !validator.accept(byte) { Issue.record("\(scalar.value) byte by byte") }
            if !validator.isComplete { Issue.record("\(scalar.value) is left open") }
            bytes += [0x20, 0x20, 0x20]
            if !UTF8Validator.isValid(bytes.span) { Issue.record("\(scalar.value) in a wide step") }
        }
    }

    @Test func `every pair of first bytes is judged as the standard library judges it`() {
        for first in UInt8.min ... .max {
            for second in UInt8.min ... .max {
                for tail: [UInt8] in [[], [0x80], [0x80, 0x80], [0xBF, 0xBF, 0x20, 0x20], [0x41, 0x41]] {
                    let bytes = [first, second] + tail
                    if UTF8Validator.isValid(bytes.span) != Self.isUTF8(bytes) { Issue.record("\(bytes)") }
                    if Self.accepts(bytes.map { [$0] }) != Self.isUTF8(bytes) { Issue.record("\(bytes) by bytes") }
                }
            }
        }
    }

    @Test(arguments: Seeds.all)
    func `random texts are judged as the standard library judges them at every split`(seed: Seed) {
        var generator = SeededGenerator(seed: seed.value)
        let scalars: [ClosedRange<UInt32>] = [
            0x20...0x7E, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF,
            0x10000...0x10FFFF,
        ]
        for _ in 0..<300 {
            var text = ""
            let range = scalars[generator.below(scalars.count)]
            for _ in 0..<generator.below(50) {
                let values = generator.below(3) == 0 ? range : scalars[0]
                guard let scalar = Unicode.Scalar(UInt32.random(in: values, using: &generator)) else { continue }
                text.unicodeScalars.append(scalar)
            }
            var bytes = Array(text.utf8)
            if !bytes.isEmpty, generator.below(2) == 0 {
                bytes[generator.below(bytes.count)] = UInt8.random(in: 0x70 ... .max, using: &generator)
            }
            let isValid = Self.isUTF8(bytes)
            for cut in 0...bytes.count {
                #expect(Self.accepts([bytes[..<cut], bytes[cut...]]) == isValid, "\(bytes) cut at \(cut)")
            }
        }
    }

    @Test func `a text is refused at the first byte that no continuation makes valid`() {
        for (name, bytes) in Self.invalid {
            var validator = UTF8Validator()
            for (index, byte) in bytes.enumerated() {
                let isAccepted = validator.accept([byte].span)
                // A beginning is valid as long as some continuation makes it UTF-8.
                let prefix = bytes[...index]
                let endings: [[UInt8]] = [
                    [], [0x80], [0xBF], [0x80, 0x80], [0xBF, 0xBF], [0x80, 0x80, 0x80],
                    [0xBF, 0xBF, 0xBF], [0x90, 0x80, 0x80], [0xA0, 0x80],
                ]
                let isSound = endings.contains { Self.isUTF8(Array(prefix) + $0) }
                #expect(isAccepted == isSound, "\(name), byte \(index)")
                if !isAccepted { break }
            }
        }
    }
}
