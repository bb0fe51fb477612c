import FoundationEssentials
import Testing

/// `cases.json`: requests and what answers them. Tests/Integration/rest/test_api_cases.py sends the same ones through a
/// socket.
struct CaseTable: Decodable {
    let cases: [Case]
    /// The codes of `APIError.Code` that no handler answers, with the reason.
    let answeredElsewhere: [String: String]

    /// Reads the file beside the tests.
    static func read() throws -> CaseTable {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "cases.json")
        return try JSONDecoder().decode(CaseTable.self, from: try Data(contentsOf: file))
    }
}

/// One request and its expected answer.
struct Case: Decodable, Sendable, CustomTestStringConvertible {
    /// Where the case runs, when it does not run both as a function and through a socket.
    enum Place: String, Decodable {
        case function
        case socket
    }

    let name: String
    /// The route that answers, by its `RouteName`; nil when none matches.
    let route: String?
    /// Requests that are sent before, and after; they succeed unless they say otherwise.
    let before: [CaseRequest]?
    let request: CaseRequest
    let after: [CaseRequest]?
    let given: Given?
    /// What is published to the shop, by the types of events.
    let published: [String]?
    let only: Place?
    let because: String?

    /// What is set up after the requests before.
    struct Given: Decodable {
        var exhausted: Set<TestContext.Resource>?
        var store: TestContext.StoreFailure?
        var readiness: String?
        var areImagesLost: Bool?
        var isMetricsRefused: Bool?
        var isSigned: Bool?
        var isFull: Bool?
    }

    var testDescription: String { name }
}

/// A request of a case, and what its answer has.
struct CaseRequest: Decodable, Sendable {
    /// A method and a target.
    let send: String
    /// `admin`, `member` or `outsider`: the user whose token is sent.
    let by: String?
    /// Instead of a user's token: `expired`, `forged`, or the text itself.
    let token: String?
    let fields: [String: String]?
    let json: JSONValue?
    let text: String?
    let form: [Part]?
    /// Values of the answer that later requests refer to, by their paths.
    let save: [String: String]?

    let status: Int?
    let code: String?
    /// Fields of the response; nil for one that it does not have.
    let has: [String: String?]?
    let body: JSONValue?
    let contains: String?

    /// A part of a form.
    struct Part: Decodable {
        let name: String
        let text: String?
        let hex: String?
        /// The number of bytes, when more than `hex` has.
        let padTo: Int?
    }
}
