import Primitives
import Testing

@testable import Reactor

@Suite struct CompletionTagTests {
    @Test(arguments: [
        ConnectionID(slot: 0, generation: 0), ConnectionID(slot: 1, generation: 2),
        ConnectionID(slot: .max, generation: ConnectionID.generationBound - 1),
    ])
    func `a tag contains its operation and connection`(connection: ConnectionID) {
        for raw in Operation.accept.rawValue...Operation.connectCancel.rawValue {
            guard let operation = Operation(rawValue: raw) else {
                Issue.record("no operation \(raw)")
                continue
            }
            let tag = CompletionTag(bits: CompletionTag(operation, connection).bits)
            #expect(tag.operation == operation)
            #expect(tag.connection == connection)
        }
    }

    @Test func `bits that no driver wrote have no operation`() {
        #expect(CompletionTag(bits: 0).operation == nil)
        #expect(CompletionTag(bits: .max).operation == nil)
    }

    @Test func `the number of a transfer fits beside the operation`() {
        let tag = CompletionTag(transferReceived: CompletionTag.numberMax)
        #expect(tag.operation == .transferReceived)
        #expect(tag.transferNumber == CompletionTag.numberMax)
    }

    @Test func `flags say whether there is a buffer and whether more completions follow`() {
        let tag = CompletionTag(.receive)
        #expect(Completion(tag: tag, result: 1).bufferIndex == nil)
        #expect(!Completion(tag: tag, result: 1).hasMore)
        let completion = Completion(tag: tag, result: 1, flags: 0xffff_0003)
        #expect(completion.bufferIndex == 0xffff)
        #expect(completion.hasMore)
    }

    @Test func `a completion has the layout of the kernel's`() {
        #expect(MemoryLayout<Completion>.size == 16)
        #expect(MemoryLayout<Completion>.stride == 16)
    }
}
