import HTTP
import Primitives
import Testing

@testable import Sessions

/// Scripts of whole conversations with a client.
@Suite struct HTTPConversationTests {
    private typealias Base = HTTPSessionTests

    private static func at(_ seconds: UInt64) -> MonotonicInstant { Base.at(seconds) }

    /// Sends the response of five bytes that the session has begun or begins now.
    private static func respond(_ session: inout HTTPSession, closes: Bool = false) -> HTTPSession.Action {
        _ = Base.report(closes ? .lastResponseBegan : .responseBegan, to: &session)
        return session.sendCompleted(at: at(101))
    }

    // MARK: - Requests

    @Test func `a request is one head, its body and the next request's first bytes`() throws {
        var session = Base.session(in: .idle)
        guard case .head(let head) = Base.receive(Base.post, in: &session) else { throw ExpectationFailed() }
        #expect(head.path == "/a")
        #expect(try !session.bodyAccepted(.keep))
        Base.receive("ab", in: &session)
        guard case .request = Base.receive("cdGET", in: &session) else { throw ExpectationFailed() }
        let (taken, body) = session.takeRequest()
        #expect(taken.path == "/a")
        #expect(body == Array("abcd".utf8))
        #expect(Self.respond(&session) == .readNext)
        #expect(session.takeLeftover() == Array("GET".utf8))
        #expect(session.takeLeftover().isEmpty)
    }

    @Test func `a body that no handler reads is dropped`() throws {
        var session = Base.session(in: .judging)
        #expect(try !session.bodyAccepted(.drop))
        guard case .request = Base.receive("abcd", in: &session) else { throw ExpectationFailed() }
        #expect(session.takeRequest().body.isEmpty)
    }

    @Test func `the bytes of an upload are passed on as they arrive`() throws {
        var session = Base.session(in: .admittingUpload)
        #expect(try !session.uploadAdmitted(at: Self.at(100)))
        let bytes = Array("abcd".utf8)
        var (consumed, pieces) = (0, [Range<Int>]())
        while case .upload(let range) = session.nextInput(in: bytes.span, &consumed) { pieces.append(range) }
        #expect(pieces == [0..<4])
        #expect(session.state == .handling)
    }

    @Test func `bytes that are no request are answered, and the connection ends`() throws {
        var session = Base.session(in: .idle)
        guard case .malformed(let error) = Base.receive("GET\r\n", in: &session) else { throw ExpectationFailed() }
        #expect(error == .malformedRequestLine)
        // No request has begun, so there is no body to skip.
        #expect(Self.respond(&session, closes: true) == .linger)
        #expect(Base.unreadReceived("c", in: &session, at: Self.at(102)) == .receive)
        #expect(session.connectionEnded() == .close(.over))
    }

    @Test func `a connection without a request in time is closed, and the cause says whether it had one before`() {
        var session = Base.session(in: .idle)
        #expect(session.timerFired(at: Self.at(110)) == .close(.noRequest(isFirst: true)))
        session = Base.session(in: .handling)
        #expect(Self.respond(&session) == .readNext)
        #expect(session.timerFired(at: Self.at(200)) == .close(.noRequest(isFirst: false)))
    }

    // MARK: - 100 Continue

    private static func expecting(length: Int) -> String {
        "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: \(length)\r\n\r\n"
    }

    @Test func `a client that waits for 100 Continue gets it when its body is read`() throws {
        var session = Base.session(in: .idle)
        Base.receive(Self.expecting(length: 4), in: &session)
        #expect(try session.bodyAccepted(.keep))
        #expect(session.enqueue(ResponseWriter.continueResponse) == .send)
        session.sendNext { _ in }
        // The response waits for the interim one.
        Base.receive("abcd", in: &session)
        _ = session.takeRequest()
        session.responseBegan(closes: false, at: Self.at(101))
        #expect(session.responseProduced([1], isLast: true, at: Self.at(101)) == .none)
        #expect(session.sendCompleted(at: Self.at(101)) == .send)
        session.sendNext { #expect($0.count == 1) }
        #expect(session.sendCompleted(at: Self.at(101)) == .readNext)
    }

    @Test func `100 Continue is sent once, and the body is read on`() throws {
        var session = Base.session(in: .idle)
        Base.receive(Self.expecting(length: 4), in: &session)
        _ = try session.bodyAccepted(.keep)
        #expect(session.enqueue(ResponseWriter.continueResponse) == .send)
        session.sendNext { #expect($0.count == ResponseWriter.continueResponse.count) }
        #expect(session.sendCompleted(at: Self.at(101)) == .none)
        guard case .request = Base.receive("abcd", in: &session) else { throw ExpectationFailed() }
        #expect(Self.respond(&session) == .readNext)
    }

    @Test func `a body that is too long is refused before 100 Continue`() {
        var session = Base.session(in: .idle)
        Base.receive(Self.expecting(length: 1_000), in: &session)
        session.uploadAnnounced(byteCountMax: 100, rest: Span())
        #expect(throws: HTTPParseError.bodyTooLarge) { try session.uploadAdmitted(at: Self.at(100)) }
        // The client sends nothing, so our side ends first.
        #expect(Self.respond(&session, closes: true) == .skipBody(shutsDownSending: true))
    }

    @Test func `a connection whose interim response the client does not take is closed`() throws {
        var session = Base.session(in: .idle)
        Base.receive(Self.expecting(length: 4), in: &session)
        _ = try session.bodyAccepted(.keep)
        _ = session.enqueue(ResponseWriter.continueResponse)
        session.sendNext { _ in }
        #expect(session.timerFired(at: Self.at(130)) == .close(.over))
    }

    // MARK: - Pauses

    @Test func `a request waits for keys once, and continues with the bytes that followed its head`() {
        var session = Base.session(in: .judging)
        #expect(session.mayAwaitKeys)
        let following: [UInt8] = [1, 2]
        session.keysNeeded(rest: following.span)
        #expect(session.state == .awaitingKeys)
        #expect(session.takeTimerChange() == .cancel)
        let (head, rest) = session.keysRead()
        #expect(head.path == "/a")
        #expect(rest == [1, 2])
        #expect(!session.mayAwaitKeys)
    }

    @Test func `the next request may wait for keys again`() throws {
        var session = Base.session(in: .awaitingKeys)
        _ = session.keysRead()
        _ = try session.bodyAccepted(.keep)
        Base.receive("abcd", in: &session)
        _ = session.takeRequest()
        _ = Self.respond(&session)
        Base.receive(Base.post, in: &session)
        #expect(session.mayAwaitKeys)
    }

    @Test func `a second wait for keys is a fault of the caller`() async {
        await #expect(processExitsWith: .failure) {
            var session = HTTPSessionTests.session(in: .awaitingKeys)
            _ = session.keysRead()
            session.keysNeeded(rest: Span())
        }
    }

    @Test func `nothing is received while a piece is stored, and the client is not charged for it`() {
        var session = Base.session(in: .admittingUpload)
        _ = try? session.uploadAdmitted(at: Self.at(100))
        Base.receive("a", in: &session, isPieceFull: true)
        #expect(session.state == .storingPiece)
        #expect(session.takeTimerChange() == .cancel)
        session.pieceStored(after: .seconds(20))
        #expect(session.inputTaken(isPieceFull: false, at: Self.at(120)) == .receive)
        #expect(session.takeTimerChange() == .set(Self.at(120) + Limits.progressWait))
    }

    // MARK: - Responses

    @Test func `a response is handed to the kernel in parts`() {
        var session = Base.session(in: .handling)
        session.responseBegan(closes: false, at: Self.at(100))
        let bytes = [UInt8](repeating: 7, count: Limits.sendByteCountMax + 1)
        #expect(session.responseProduced(bytes, isLast: true, at: Self.at(100)) == .send)
        var parts: [Int] = []
        session.sendNext { parts.append($0.count) }
        #expect(session.sendCompleted(at: Self.at(100)) == .send)
        session.sendNext { parts.append($0.count) }
        #expect(session.sendCompleted(at: Self.at(100)) == .readNext)
        #expect(parts == [Limits.sendByteCountMax, 1])
    }

    @Test func `a response that is produced while it is sent asks for each piece when the last was sent`() {
        var session = Base.session(in: .handling)
        session.responseBegan(closes: false, at: Self.at(100))
        for _ in 0..<3 {
            #expect(session.responseProduced([1, 2], isLast: false, at: Self.at(100)) == .send)
            session.sendNext { _ in }
            #expect(session.sendCompleted(at: Self.at(100)) == .produce)
        }
        #expect(session.responseProduced([], isLast: true, at: Self.at(100)) == .readNext)
    }

    @Test func `a peer that takes too little is cut off, but not while it waits for the server`() {
        var session = Base.session(in: .handling)
        session.responseBegan(closes: false, at: Self.at(100))
        _ = session.responseProduced([1], isLast: false, at: Self.at(100))
        session.sendNext { _ in }
        _ = session.sendCompleted(at: Self.at(101))
        _ = session.takeTimerChange()
        // The next piece is being produced.
        #expect(session.timerFired(at: Self.at(110)) == .none)
        #expect(session.takeTimerChange() == .set(Self.at(110) + Limits.progressWait))
        _ = session.responseProduced([1], isLast: false, at: Self.at(115))
        session.sendNext { _ in }
        #expect(session.timerFired(at: Self.at(110) + Limits.progressWait) == .close(.stalled))
    }

    @Test func `a response that the server produces slowly extends the time of its peer`() {
        var session = Base.session(in: .handling)
        session.responseBegan(closes: false, at: Self.at(100))
        _ = session.responseProduced([1], isLast: false, at: Self.at(100))
        session.productionWaited(.seconds(5))
        session.sendNext { _ in }
        #expect(session.timerFired(at: Self.at(100) + Limits.progressWait) == .none)
        #expect(session.takeTimerChange() == .set(Self.at(105) + Limits.progressWait))
    }

    // MARK: - Refused bodies

    @Test func `the rest of a refused body is read, and the connection ends after it`() {
        var session = Base.session(in: .readingBody)
        #expect(Self.respond(&session, closes: true) == .skipBody(shutsDownSending: false))
        #expect(Base.unreadReceived("c", in: &session, at: Self.at(102)) == .skipBody(shutsDownSending: false))
        #expect(Base.unreadReceived("d", in: &session, at: Self.at(103)) == .linger)
    }

    @Test func `a refused body that ends before the response was sent is not waited for`() {
        var session = Base.session(in: .readingBody)
        _ = Base.report(.lastResponseBegan, to: &session)
        #expect(Base.unreadReceived("cd", in: &session, at: Self.at(102)) == .none)
        #expect(session.sendCompleted(at: Self.at(102)) == .linger)
    }

    @Test func `a refused body whose end is lost is dropped with our side shut down`() {
        var session = Base.session(in: .idle)
        Base.receive("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", in: &session)
        _ = try? session.bodyAccepted(.keep)
        #expect(Self.respond(&session, closes: true) == .skipBody(shutsDownSending: false))
        #expect(Base.unreadReceived("zz\r\n", in: &session, at: Self.at(102)) == .skipBody(shutsDownSending: true))
        #expect(Base.unreadReceived("1\r\n", in: &session, at: Self.at(103)) == .skipBody(shutsDownSending: false))
    }

    @Test func `a refused body is read for a limited time`() {
        var session = Base.session(in: .skippingBody)
        let end = Self.at(100) + Limits.refusedBodyWait
        #expect(Base.unreadReceived("c", in: &session, at: end + .seconds(1)) == .close(.over))
    }

    // MARK: - Time

    @Test func `each step of a request has its own time`() {
        var session = HTTPSession(isDraining: false, at: Self.at(100))
        #expect(session.takeTimerChange() == .set(Self.at(100) + Limits.headWait))
        Base.receive("PO", in: &session, at: Self.at(105))
        #expect(session.takeTimerChange() == .set(Self.at(105) + Limits.headWait))
        Base.receive("ST", in: &session, at: Self.at(106))
        #expect(session.takeTimerChange() == .none)
        Base.receive(" /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n", in: &session)
        _ = try? session.bodyAccepted(.keep)
        Base.receive("a", in: &session, at: Self.at(107))
        #expect(session.takeTimerChange() == .set(Self.at(107) + Limits.bodyWait))
        Base.receive("b", in: &session, at: Self.at(108))
        #expect(session.takeTimerChange() == .none)
        Base.receive("cd", in: &session)
        #expect(session.takeTimerChange() == .cancel)
        _ = session.takeRequest()
        _ = Self.respond(&session)
        #expect(session.takeTimerChange() == .set(Self.at(101) + Limits.keepAliveWait))
    }

    @Test func `a connection is idle between requests for as long as a setting says`() {
        var session = HTTPSession(isDraining: false, keepAliveWait: .seconds(620), at: Self.at(100))
        Base.handle(Base.get, in: &session)
        _ = Self.respond(&session)
        #expect(session.takeTimerChange() == .set(Self.at(101) + .seconds(620)))
    }

    @Test func `empty lines before a request do not extend its time`() {
        var session = HTTPSession(isDraining: false, at: Self.at(100))
        Base.receive("\r", in: &session, at: Self.at(101))
        #expect(session.takeTimerChange() == .set(Self.at(101) + Limits.headWait))
        Base.receive("\n", in: &session, at: Self.at(102))
        Base.receive("G", in: &session, at: Self.at(103))
        #expect(session.takeTimerChange() == .none)
    }

    @Test func `an upload has time as long as it moves`() {
        var session = Base.session(in: .admittingUpload)
        _ = try? session.uploadAdmitted(at: Self.at(100))
        Base.receive("a", in: &session)
        session.uploadReceived(byteCount: 5 * Limits.progressBytesPerSecondMin, at: Self.at(105))
        _ = session.takeTimerChange()
        #expect(session.timerFired(at: Self.at(110)) == .none)
        #expect(session.takeTimerChange() == .set(Self.at(115)))
        #expect(session.timerFired(at: Self.at(115)) == .respondTimeout)
    }

    // MARK: - The stop of the server

    @Test func `a connection that the server accepts while it stops may send one request`() {
        var session = HTTPSession(isDraining: true, at: Self.at(100))
        #expect(session.takeTimerChange() == .set(Self.at(100) + Limits.lingerWait))
        Base.handle(Base.get, in: &session)
        #expect(Self.respond(&session) == .linger)
    }

    @Test func `a request that arrived before the stop is still read after the response before it`() {
        var session = Base.session(in: .idle)
        Base.handle(Base.get + Base.get, in: &session)
        _ = session.drainBegan(at: Self.at(101))
        #expect(Self.respond(&session) == .readNext)
        Base.handle(String(decoding: session.takeLeftover(), as: UTF8.self), in: &session)
        #expect(Self.respond(&session) == .linger)
    }

    @Test func `a refused body is not waited for while the server stops`() {
        var session = Base.session(in: .readingBody)
        _ = session.drainBegan(at: Self.at(101))
        #expect(Self.respond(&session, closes: true) == .linger)
    }

    @Test func `a connection on which only an empty line arrived ends with the server`() {
        var session = Base.session(in: .idle)
        Base.receive("\r", in: &session)
        Base.receive("\n", in: &session)
        #expect(session.drainBegan(at: Self.at(101)) == .linger)
    }

    @Test func `a stream that was refused after its transfer is answered`() {
        var session = HTTPSession.handling(isDraining: true, at: Self.at(100))
        #expect(session.state == .handling)
        #expect(session.takeTimerChange() == .none)
        #expect(Self.respond(&session, closes: true) == .linger)
    }

    private struct ExpectationFailed: Error {}
}
