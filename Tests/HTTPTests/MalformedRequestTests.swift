import Foundation
import HTTPTypes
import Testing

@testable import HTTP

/// One entry of `malformed-requests.json`.
///
/// `request` is a list of parts: a string, each scalar of which (up to U+00FF) is one byte, or a list of a string and
/// how many times it is repeated. `status` is what a server answers before it ends the connection; `code` is the stable code.
struct MalformedRequest: Decodable, Sendable, CustomTestStringConvertible {
    enum Part: Decodable, Sendable {
        case text(String)
        case repeated(String, count: Int)

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self = .text(text)
                return
            }
            var container = try decoder.unkeyedContainer()
            self = .repeated(try container.decode(String.self), count: try container.decode(Int.self))
        }

        var bytes: [UInt8] {
            switch self {
            case .text(let text): text.unicodeScalars.map { UInt8($0.value) }
            case .repeated(let text, let count):
                Array(repeatElement(text.unicodeScalars.map { UInt8($0.value) }, count: count).joined())
            }
        }
    }

    let name: String
    let status: Int
    let code: String
    let request: [Part]

    var testDescription: String { name }
    var bytes: [UInt8] { request.flatMap(\.bytes) }

    /// The corpus beside this file; empty when it cannot be read, which a test of its own notices.
    static let corpus: [MalformedRequest] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "malformed-requests.json")
        guard let data = try? Data(contentsOf: file) else { return [] }
        return (try? JSONDecoder().decode([MalformedRequest].self, from: data)) ?? []
    }()
}

@Suite struct MalformedRequestTests {
    @Test func `the corpus exists and covers each error of a server`() {
        #expect(MalformedRequest.corpus.count > 200)
        let clientOnly: Set<HTTPParseError> = [.malformedStatusLine, .prematureEnd]
        // A query is decoded when an item is read. A control character is found before its line is a field's.
        let elsewhere: Set<HTTPParseError> = [.malformedQuery, .malformedFieldValue]
        let codes = Set(MalformedRequest.corpus.map(\.code))
        for error in HTTPParseError.allCases where !clientOnly.contains(error) && !elsewhere.contains(error) {
            #expect(codes.contains(error.code), "no request for \(error)")
        }
    }

    @Test(arguments: MalformedRequest.corpus)
    func `a malformed request is refused with its status`(request: MalformedRequest) {
        let outcome = parse(request.bytes)
        #expect(outcome.error?.code == request.code)
        #expect(outcome.error?.status.code == request.status)
        #expect(outcome.endCount == 0)
    }

    @Test(arguments: MalformedRequest.corpus)
    func `a malformed request is refused alike at every cut`(request: MalformedRequest) {
        let bytes = request.bytes
        let whole = parse(bytes)
        guard bytes.count <= 512 else {
            for cut in stride(from: 1, to: bytes.count, by: bytes.count / 23) {
                #expect(parse(bytes, cuts: [cut]).error == whole.error, "cut at \(cut)")
            }
            return
        }
        for cut in 0...bytes.count {
            let outcome = parse(bytes, cuts: [cut])
            #expect(outcome.error == whole.error, "cut at \(cut)")
            #expect(outcome.events == whole.events, "cut at \(cut)")
        }
        let single = parse(bytes, cuts: Array(1..<bytes.count))
        #expect(single.error == whole.error)
        #expect(single.events == whole.events)
    }

    @Test(arguments: MalformedRequest.corpus)
    func `a malformed request is refused after a valid one too`(request: MalformedRequest) {
        let good = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let outcome = parse(good + request.bytes)
        #expect(outcome.error?.code == request.code)
        #expect(outcome.endCount == 1)
    }
}
