import Primitives
import Testing

@testable import Reactor

@Suite struct CompletionTagTests {
    @Test(arguments: [
        ConnectionID(slot: 0, generation: 0), ConnectionID(slot: 1, generation: 2),
        ConnectionID(slot: .max, generation: ConnectionID.generationBound - 1),
    ])
    func `a tag gives back its operation and connection`(connection: ConnectionID) {
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

    @Test func `bits of nobody name no operation`() {
        #expect(CompletionTag(bits: 0).operation == nil)
        #expect(CompletionTag(bits: .max).operation == nil)
    }

    @Test func `a parcel's number fits beside the operation`() {
        let tag = CompletionTag(arrival: CompletionTag.arrivalNumberMax)
        #expect(tag.operation == .arrival)
        #expect(tag.arrivalNumber == CompletionTag.arrivalNumberMax)
    }

    @Test func `flags tell of a buffer and of more to come`() {
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
