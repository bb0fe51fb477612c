import API
import Auth
import HTTP
import HTTPTypes
import Storage
import Testing

/// Responses and errors as their clients receive them.
@Suite struct ResponseTests {
    /// Pieces of these bytes each; throws after the last, unless the last ends the body.
    private struct Pieces: ResponsePieces {
        var rest: [[UInt8]]
        let isComplete: Bool

        mutating func next() async throws(APIError) -> ResponsePiece {
            guard !rest.isEmpty else { throw .notFound }
            let bytes = rest.removeFirst()
            return ResponsePiece(bytes: bytes, isLast: rest.isEmpty && isComplete)
        }
    }

    private func text(_ response: Response) -> String? {
        var bytes: [UInt8] = []
        switch response.body {
        case .whole(let body): bytes = body
        case .enveloped(let body):
            body.append(to: &bytes)
            #expect(body.byteCount == bytes.count)
        case .pieces: return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `data is in the envelope`() {
        let response = Response.enveloped(.created, message: "Done", data: Array("{\"a\":1}".utf8))
        #expect(text(response) == #"{"status":201,"message":"Done","data":{"a":1}}"#)
        #expect(response.status == .created && response.contentType?.description == "application/json")
    }

    @Test func `an error has its message, its code and its fields`() {
        let response = Response(APIError.missingField("a\"b"))
        #expect(text(response) == #"{"message":"'a\"b' is missing.","code":"missing_field"}"#)
        #expect(Response(APIError.draining).fields[.retryAfter] == "5")
    }

    @Test func `a body that fits into one piece is whole`() async throws {
        let response = try await Response(producedBy: Pieces(rest: [[1, 2]], isComplete: true))
        #expect(text(response) == "\u{1}\u{2}")
    }

    @Test func `the first piece is produced before the head is sent`() async throws {
        let response = try await Response(byteCount: 3, producedBy: Pieces(rest: [[1, 2], [3]], isComplete: true))
        guard case .pieces(let first, var rest, 3?) = response.body else {
            Issue.record("the body is whole")
            return
        }
        #expect(first == [1, 2])
        let next = try await rest.next()
        #expect(next.bytes == [3] && next.isLast)
        await #expect(throws: APIError.self) {
            try await Response(producedBy: Pieces(rest: [], isComplete: false))
        }
    }

    // MARK: - Other tables

    @Test(arguments: AuthError.allCases) func `a refused token is answered with a challenge`(error: AuthError) {
        let answer = APIError(error)
        #expect(answer.status == .unauthorized && answer.code == error.code)
        #expect(answer.fields[.wwwAuthenticate] == error.challenge)
    }

    @Test(arguments: StorageError.Kind.allCases)
    func `a failing store is answered by its kind, with a pause when it may recover`(kind: StorageError.Kind) {
        let answer = APIError(StorageError(kind, detail: "secret"))
        #expect(answer.status.code == kind.httpStatus && answer.code == kind.code)
        #expect((answer.fields[.retryAfter] != nil) == (kind.httpStatus == 503))
        #expect(!answer.message.utf8.elementsEqual("secret".utf8))
    }

    @Test(arguments: MultipartError.allCases) func `a form that cannot be read is the client's error`(
        error: MultipartError
    ) {
        #expect(APIError(error).status == (error == .notMultipart ? .unsupportedMediaType : .badRequest))
    }

    @Test func `a code of the table is one word of the interface`() {
        for code in APIError.Code.allCases {
            let isWord = code.rawValue.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0 &- UInt8(ascii: "a") < 26 }
            #expect(isWord, "\(code.rawValue)")
        }
    }
}
