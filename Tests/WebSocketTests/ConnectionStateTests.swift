import Primitives
import Testing

@testable import WebSocket

@Suite struct ConnectionStateTests {
    @Test(arguments: [nil, CloseCode.normal, .goingAway, .serviceRestart])
    func `a server echoes the peer's close and closes the transport`(code: CloseCode?) {
        var state = ConnectionState(endpoint: .server)
        #expect(state.dataReceived() == .deliver)
        #expect(state.closeReceived(code) == .sendCloseThenCloseTransport(code))
        #expect(!state.isOpen)
        #expect(state.isClean)
        #expect(state.ending == .closedByPeer(code))
        #expect(state.dataReceived() == .ignore)
        #expect(state.pingReceived() == .ignore)
        #expect(state.localCloseRequested(.goingAway) == .ignore)
        #expect(state.transportClosed() == .ignore)
        #expect(state.ending == .closedByPeer(code))
    }

    @Test(arguments: [nil, CloseCode.normal, .goingAway])
    func `a client echoes the peer's close and waits for the transport`(code: CloseCode?) {
        var state = ConnectionState(endpoint: .client)
        #expect(state.closeReceived(code) == .sendCloseThenAwaitTransportClose(code))
        #expect(state.closeTimedOut() == .closeTransport)
        #expect(state.closeTimedOut() == .ignore)
        #expect(state.isClean)
    }

    @Test func `a server that closes first awaits the answer and then closes the transport`() {
        var state = ConnectionState(endpoint: .server)
        #expect(state.localCloseRequested(.goingAway) == .sendClose(.goingAway))
        #expect(!state.isOpen)
        #expect(!state.isClean)
        #expect(state.localCloseRequested(.normal) == .ignore)
        #expect(state.dataReceived() == .ignore)
        #expect(state.pingReceived() == .sendPong)
        #expect(state.pongReceived() == .ignore)
        #expect(state.closeReceived(.normal) == .closeTransport)
        #expect(state.isClean)
        #expect(state.ending == .closedLocally(.goingAway))
        #expect(state.transportClosed() == .ignore)
    }

    @Test func `a client that closes first waits for the server to close the transport`() {
        var state = ConnectionState(endpoint: .client)
        #expect(state.localCloseRequested(nil) == .sendClose(nil))
        #expect(state.closeReceived(nil) == .awaitTransportClose)
        #expect(state.transportClosed() == .ignore)
        #expect(state.isClean)
        #expect(state.ending == .closedLocally(nil))
        #expect(state.ending?.closeCode == .noStatusReceived)
    }

    @Test(arguments: WebSocketError.allCases)
    func `an error is told to the peer with its code`(error: WebSocketError) {
        var server = ConnectionState(endpoint: .server)
        #expect(server.errorDetected(error) == .sendCloseThenCloseTransport(error.closeCode))
        var client = ConnectionState(endpoint: .client)
        #expect(client.errorDetected(error) == .sendCloseThenAwaitTransportClose(error.closeCode))
        #expect(client.ending == .failed(error))
        #expect(client.ending?.closeCode == error.closeCode)
        #expect(!client.isClean)
        #expect(client.closeReceived(.protocolError) == .ignore)
        #expect(client.dataReceived() == .ignore)
        #expect(client.errorDetected(error) == .ignore)
        #expect(client.closeTimedOut() == .closeTransport)
    }

    @Test(arguments: [Endpoint.server, .client])
    func `an error after our close ends the transport at once`(endpoint: Endpoint) {
        var state = ConnectionState(endpoint: endpoint)
        #expect(state.localCloseRequested(.normal) == .sendClose(.normal))
        #expect(state.errorDetected(.textNotUTF8) == .closeTransport)
        #expect(state.ending == .closedLocally(.normal))
        #expect(!state.isClean)
        #expect(state.errorDetected(.textNotUTF8) == .ignore)
    }

    @Test(arguments: [Endpoint.server, .client])
    func `a peer that does not answer our close is cut off`(endpoint: Endpoint) {
        var state = ConnectionState(endpoint: endpoint)
        #expect(state.closeTimedOut() == .ignore)
        #expect(state.isOpen)
        #expect(state.localCloseRequested(.serviceRestart) == .sendClose(.serviceRestart))
        #expect(state.closeTimedOut() == .closeTransport)
        #expect(!state.isClean)
        #expect(state.closeReceived(.normal) == .ignore)
        #expect(state.transportClosed() == .ignore)
        #expect(state.ending == .closedLocally(.serviceRestart))
    }

    @Test(arguments: [Endpoint.server, .client])
    func `a transport that ends without a close is an abnormal closure`(endpoint: Endpoint) {
        var state = ConnectionState(endpoint: endpoint)
        #expect(state.transportClosed() == .ignore)
        #expect(state.ending == .transportLost)
        #expect(state.ending?.closeCode == .abnormalClosure)
        #expect(!state.isClean)
        #expect(state.dataReceived() == .ignore)
        #expect(state.localCloseRequested(.normal) == .ignore)
        #expect(state.transportClosed() == .ignore)
    }

    @Test func `a transport that ends before the answer to our close is not clean`() {
        var state = ConnectionState(endpoint: .server)
        #expect(state.localCloseRequested(.normal) == .sendClose(.normal))
        #expect(state.transportClosed() == .ignore)
        #expect(state.ending == .closedLocally(.normal))
        #expect(!state.isClean)
    }

    @Test func `an open connection delivers and answers`() {
        let state = ConnectionState(endpoint: .server)
        #expect(state.isOpen)
        #expect(state.ending == nil)
        #expect(state.dataReceived() == .deliver)
        #expect(state.pingReceived() == .sendPong)
        #expect(state.pongReceived() == .deliver)
    }

    @Test func `to close with a code that must not stand on the wire is our bug`() async {
        await #expect(processExitsWith: .failure) {
            var state = ConnectionState(endpoint: .server)
            _ = state.localCloseRequested(.abnormalClosure)
        }
    }

    /// No script of events sends two close frames, delivers after a close, or leaves the final state.
    @Test(arguments: Seeds.all)
    func `random scripts keep the promises`(seed: Seed) {
        var generator = SeededGenerator(seed: seed.value)
        for _ in 0..<2000 {
            var state = ConnectionState(endpoint: generator.below(2) == 0 ? .server : .client)
            var closeFrameCount = 0
            for _ in 0..<10 {
                let wasOpen = state.isOpen
                let ending = state.ending
                let action =
                    switch generator.below(7) {
                    case 0: state.closeReceived(.normal)
                    case 1: state.localCloseRequested(.goingAway)
                    case 2: state.errorDetected(.maskedFrame)
                    case 3: state.closeTimedOut()
                    case 4: state.transportClosed()
                    case 5: state.pingReceived()
                    default: state.dataReceived()
                    }
                switch action {
                case .sendClose, .sendCloseThenCloseTransport, .sendCloseThenAwaitTransportClose:
                    closeFrameCount += 1
                case .deliver:
                    #expect(wasOpen)
                case .ignore, .sendPong, .awaitTransportClose, .closeTransport:
                    break
                }
                #expect(wasOpen || !state.isOpen)
                #expect(ending == nil || state.ending == ending)
                #expect(closeFrameCount <= 1)
            }
        }
    }
}
