import Primitives
import Testing

@testable import HTTP

/// A form as it was read, its content joined, so that two ways to cut it can be compared.
private struct ReadForm: Equatable {
    struct Part: Equatable {
        var head: MultipartPart
        var content: [UInt8] = []
        var isEnded = false
    }

    var parts: [Part] = []
    var isEnded = false
    var error: MultipartError?

    var contents: [String] { parts.map { String(decoding: $0.content, as: UTF8.self) } }
}

private func read(
    _ bytes: [UInt8], cuts: [Int] = [], boundary: String = "x", limits: MultipartLimits = MultipartLimits()
) throws -> ReadForm {
    var parser = MultipartParser(
        boundary: try MultipartBoundary(contentType: "multipart/form-data; boundary=\"\(boundary)\""), limits: limits)
    var form = ReadForm()
    var start = 0
    do {
        for cut in cuts + [bytes.count] {
            try feed(Array(bytes[start..<cut]), to: &parser, into: &form)
            start = cut
        }
        try parser.finish()
    } catch let error as MultipartError {
        form.error = error
    }
    return form
}

private func feed(_ piece: [UInt8], to parser: inout MultipartParser, into form: inout ReadForm) throws {
    var consumed = 0
    while true {
        switch try parser.next(piece.span, consumed: &consumed) {
        case .needMore:
            #expect(consumed == piece.count, "needMore leaves nothing over")
            return
        case .part(let head):
            form.parts.append(ReadForm.Part(head: head))
        case .content(let range):
            #expect(!range.isEmpty)
            form.parts[form.parts.count - 1].content += piece[range]
        case .heldContent(let held):
            #expect(!held.isEmpty)
            form.parts[form.parts.count - 1].content += held
        case .partEnd:
            form.parts[form.parts.count - 1].isEnded = true
        case .end:
            form.isEnded = true
        }
    }
}

private func read(_ text: String, limits: MultipartLimits = MultipartLimits()) throws -> ReadForm {
    try read(Array(text.utf8), limits: limits)
}

private let disposition = "Content-Disposition: form-data; name="

@Suite struct MultipartParserTests {
    private static let vectors = [
        "--x\r\n\(disposition)a\r\n\r\none\r\n--x--\r\n",
        "--x\r\n\(disposition)a\r\n\r\n\r\n--x\r\n\(disposition)\"b\"\r\nX: y\r\n\r\n\r\n\r\n--x--",
        """
        a preamble\r\n--y\r\n--x \t\r\n\(disposition)a\r\n\r\n\
        --x\r\n-x\r--x\n--x\r\r\n--\r\n--X\r\n--x--an epilogue\r\n--x\r\n
        """,
        """
        \r\n--x\r\ncontent-disposition:form-data;name=a;filename="b.png"\r\nContent-Type: image/png\r\n\r\n\
        \r\r\n\r\n-\r\n--x--
        """,
        "--x\r\n\(disposition)a\r\n\r\nnever ends\r\n--",
        "--x\r\n\(disposition)a\r\n\r\nbad\r\n--xy\r\n",
    ]

    @Test(arguments: vectors)
    func `however a form is cut, it is read alike`(text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try read(bytes)
        #expect(!whole.parts.isEmpty)
        for first in 0...bytes.count {
            #expect(try read(bytes, cuts: [first]) == whole, "cut at \(first)")
            for second in stride(from: first, through: bytes.count, by: 3) {
                #expect(try read(bytes, cuts: [first, second]) == whole, "cut at \(first) and \(second)")
            }
        }
        #expect(try read(bytes, cuts: Array(1..<bytes.count)) == whole, "byte by byte")
    }

    @Test func `a part has its name, its file's name and its type`() throws {
        let form = try read(Self.vectors[3])
        #expect(form.parts.map(\.head) == [MultipartPart(name: "a", fileName: "b.png", contentType: "image/png")])
        #expect(form.contents == ["\r\r\n\r\n-"])
        #expect(form.parts.allSatisfy(\.isEnded) && form.isEnded && form.error == nil)
    }

    @Test func `empty parts are parts`() throws {
        let form = try read(Self.vectors[1])
        #expect(form.parts.map(\.head.name) == ["a", "b"])
        #expect(form.contents == ["", "\r\n"])
    }

    @Test func `text that only resembles a boundary is content, and text around the form is dropped`() throws {
        let form = try read(Self.vectors[2])
        // The form's first line of content is a boundary without the line break before it: it is content.
        #expect(form.contents == ["--x\r\n-x\r--x\n--x\r\r\n--\r\n--X"])
        #expect(form.isEnded && form.error == nil)
    }

    @Test func `a boundary of many characters that repeats itself is found`() throws {
        let boundary = String(repeating: "-", count: 70)
        let content = String(repeating: "\r\n--" + String(repeating: "-", count: 69) + "\r\n-", count: 20)
        let text = "--\(boundary)\r\n\(disposition)a\r\n\r\n\(content)\r\n--\(boundary)--\r\n"
        #expect(try read(Array(text.utf8), boundary: boundary).contents == [content])
    }

    private static let truncated: [String] = [
        "", "no boundary at all", "--x", "--x\r\n", "--x-", "-- x--", "--x\r\n\(disposition)a\r\n",
        "--x\r\n\(disposition)a\r\n\r\n", "--x\r\n\(disposition)a\r\n\r\none\r\n--x",
        "--x\r\n\(disposition)a\r\n\r\none\r\n--x-", "--x\r\n\(disposition)a\r\n\r\none--x--\r\n",
    ]
    private static let malformedBoundaries: [String] = [
        "--xy\r\n", "--x-y", "--x\ry", "--x\n", "--x\(String(repeating: " ", count: 17))\r\n", "--x \ty",
    ]
    private static let malformedParts: [String] = [
        "--x\r\n\r\nno head", "--x\r\nno field\r\n\r\n", "--x\r\nX: y\r\n\r\n", "--x\r\n \(disposition)a\r\n\r\n",
        "--x\r\n\(disposition)a\n\r\n", "--x\r\nContent-Disposition: form-data\r\n\r\n",
        "--x\r\nContent-Disposition: attachment; name=a\r\n\r\n", "--x\r\n\(disposition)a; name=b\r\n\r\n",
        "--x\r\n\(disposition)\"a\r\n\r\n",
    ]
    private static let largeHeads: [String] = [
        "--x\r\nX: \(String(repeating: "y", count: 5_000))", "--x\r\n\(String(repeating: "X: y\r\n", count: 1_100))",
    ]

    @Test func `a body that is not a form is refused with its reason`() throws {
        let refused: [(MultipartError, [String])] = [
            (.truncated, Self.truncated), (.malformedBoundary, Self.malformedBoundaries),
            (.malformedPart, Self.malformedParts), (.partHeadTooLarge, Self.largeHeads),
        ]
        for (error, texts) in refused {
            for text in texts {
                let bytes = Array(text.utf8)
                let cuts = Array(0..<bytes.count)
                #expect(try read(bytes).error == error, "\(text.prefix(100))")
                #expect(try read(bytes, cuts: cuts).error == error, "byte by byte: \(text.prefix(100))")
            }
        }
    }

    @Test func `a form within a form is content of its part`() throws {
        let inner = "--y\r\n\(disposition)a\r\n\r\none\r\n--y--\r\n"
        #expect(try read("--x\r\n\(disposition)a\r\n\r\n\(inner)\r\n--x--").contents == [inner])
    }

    @Test func `parts are counted, and the last that is allowed passes`() throws {
        func form(_ count: Int) -> String {
            String(repeating: "--x\r\n\(disposition)a\r\n\r\n\r\n", count: count) + "--x--"
        }
        #expect(try read(form(16)).parts.count == 16)
        #expect(try read(form(16)).error == nil)
        #expect(try read(form(17)).error == .tooManyParts)
    }

    @Test func `an error is final`() throws {
        var parser = MultipartParser(boundary: try MultipartBoundary(contentType: "multipart/form-data; boundary=x"))
        for text in ["--xy", "--x--"] {
            var consumed = 0
            #expect(throws: MultipartError.malformedBoundary) {
                _ = try parser.next(Array(text.utf8).span, consumed: &consumed)
            }
        }
        #expect(throws: MultipartError.malformedBoundary) { try parser.finish() }
    }

    @Test func `a flood of line breaks is content, and is read in time that grows with it alone`() throws {
        let flood = [UInt8](repeating: 13, count: 1 << 18) + Array(String(repeating: "\r\n--", count: 1 << 14).utf8)
        let bytes = Array("--x\r\n\(disposition)a\r\n\r\n".utf8) + flood + Array("\r\n--x--".utf8)
        #expect(try read(bytes).parts.first?.content == flood)
        #expect(try read(flood).error == .truncated)
    }

    @Test func `any content comes back, however it is cut`() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("\r\r\n\n--xxy".utf8)
        for round in 0..<400 {
            let contents = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? 0
                }
            }
            // Content that holds its own boundary is another form.
            guard !contents.contains(where: { holdsBoundary($0) }) else { continue }
            var bytes: [UInt8] = []
            for content in contents {
                bytes += Array("--x\r\n\(disposition)a\r\n\r\n".utf8) + content + Array("\r\n".utf8)
            }
            bytes += Array("--x--".utf8)
            let cuts = (0..<8).map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted()
            let form = try read(bytes, cuts: cuts)
            #expect(form.parts.map(\.content) == contents, "seed \(seed), round \(round)")
            #expect(form.error == nil, "seed \(seed), round \(round)")
        }
    }

    private func holdsBoundary(_ content: [UInt8]) -> Bool {
        let delimiter = Array("\r\n--x".utf8)
        let text = content + Array("\r\n".utf8)
        return text.indices.contains { text[$0...].starts(with: delimiter) }
    }
}

@Suite struct MultipartBoundaryTests {
    @Test(arguments: [
        "multipart/form-data; boundary=x", "Multipart/Form-Data;boundary=\"x\"",
        "multipart/form-data; a=b; Boundary=x;",
        "multipart/form-data ; boundary=x ; charset=utf-8",
    ])
    func `a boundary is taken from the media type`(text: String) throws {
        #expect(try MultipartBoundary(contentType: text).bytes == Array("x".utf8))
    }

    @Test func `a boundary may have every character of the grammar`() throws {
        let boundary = "'()+_,-./:=? 09azAZ'"
        #expect(
            try MultipartBoundary(contentType: "multipart/form-data; boundary=\"\(boundary)\"").bytes
                == Array(boundary.utf8))
    }

    @Test(arguments: [
        "", "multipart/form-data", "multipart/mixed; boundary=x", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"x \"",
        "multipart/form-data; boundary=\"x", "multipart/form-data; boundary=x; boundary=x",
        "multipart/form-data; boundary=\"a\\\rb\"", "multipart/form-data; boundary=é",
        "multipart/form-data boundary=x", "multipart/form-data; boundary=" + String(repeating: "x", count: 71),
    ])
    func `a media type without a usable boundary is refused`(text: String) {
        #expect(throws: MultipartError.notMultipart) { try MultipartBoundary(contentType: text) }
    }
}

@Suite struct ParameterListTests {
    @Test func `names are compared without regard to case, values are unchanged`() throws {
        let list = try #require(ParameterList("Form-Data; NAME=\"A b\"; filename=C.png"))
        #expect(list.value == "Form-Data")
        #expect(list["name"] == "A b")
        #expect(list["filename"] == "C.png")
        #expect(list["other"] == nil)
    }

    @Test func `quotes may contain any character, and a backslash escapes the next one`() throws {
        #expect(try #require(ParameterList(#"a; b="x\"y\\z; c=d""#))["b"] == #"x"y\z; c=d"#)
        #expect(try #require(ParameterList(#"a; b="é""#))["b"] == "é")
        #expect(try #require(ParameterList(#"a; b="""#))["b"]?.isEmpty == true)
    }

    @Test(arguments: [
        "", ";", "; a=b", "a; b", "a; =b", "a; b=", "a; b=c d", #"a; b="c"d"#, #"a; b="c"#, #"a; b="c\"#, "a; b=c; B=d",
        "a; b c=d", "a; b =c",
    ])
    func `a malformed list of parameters is refused`(text: String) {
        #expect(ParameterList(text) == nil)
    }
}
