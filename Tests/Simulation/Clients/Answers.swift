import HTTP

/// The answers of one HTTP connection, whole and in order, out of the bytes as they come.
struct Answers {
    struct Answer {
        let head: ResponseHead
        var body: [UInt8] = []
    }

    private var parser = ResponseParser(limits: HTTPLimits(bodyBytesMax: 1 << 30))
    private var answer: Answer?

    /// The next answer to be read belongs to a HEAD.
    mutating func expectHeadAnswer(_ isHead: Bool) { parser.expectsHeadAnswer = isHead }

    /// Reads on in `bytes` from `offset` to the end of the next answer; nil when more bytes are needed.
    mutating func next(_ bytes: [UInt8], _ offset: inout Int) throws(HTTPParseError) -> Answer? {
        while true {
            switch try parser.next(bytes.span, consumed: &offset) {
            case .needMore: return nil
            case .informational: continue
            case .head(let head): answer = Answer(head: head)
            case .body(let range): answer?.body += bytes[range]
            case .end:
                defer { answer = nil }
                return answer
            }
        }
    }
}
