import Primitives
import Testing

@Suite struct SlotTableTests {
    private func connection(_ slot: UInt32, _ generation: UInt32 = 0) -> ConnectionID {
        ConnectionID(slot: slot, generation: generation)
    }

    @Test func `a value is found under its connection alone`() {
        let table = SlotTable<String>(capacity: 1_000)
        table.insert("a", for: connection(999, 7))
        #expect(table[connection(999, 7)] == "a")
        let isFound = table.contains(connection(999, 7))
        #expect(isFound)
        #expect(table[connection(999, 8)] == nil)
        let isStaleFound = table.contains(connection(999, 6))
        #expect(!isStaleFound)
        let others = [connection(998, 7), connection(0)].map { other in table.withValue(other) { $0 } }
        #expect(others == [nil, nil])
        let removed = table.remove(connection(999, 8))
        #expect(removed == nil)
        #expect(table.count == 1)
    }

    @Test func `the last generation is found too`() {
        let table = SlotTable<UInt8>(capacity: 1)
        let last = connection(0, ConnectionID.generationBound - 1)
        table.insert(5, for: last)
        #expect(table.connections == [last])
        let removed = table.remove(last)
        #expect(removed == 5)
        let isFree = table.isFree(0)
        #expect(isFree)
    }

    @Test func `values are changed in place`() {
        let table = SlotTable<[Int]>(capacity: 10)
        table.insert([1], for: connection(3))
        let isThere: Void? = table.withValue(connection(3)) { $0.append(2) }
        #expect(isThere != nil)
        #expect(table[connection(3)] == [1, 2])
        table.set([3], for: connection(3))
        #expect(table[connection(3)] == [3])
        table.set([4], for: connection(4))
        #expect(table.count == 2)
    }

    @Test func `after random changes a table equals a dictionary`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("slot table: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let table = SlotTable<Int>(capacity: 600)
        var model: [UInt32: (generation: UInt32, value: Int)] = [:]
        for value in 0..<20_000 {
            let slot = UInt32.random(in: 0..<600, using: &random)
            let isFree = table.isFree(slot)
            #expect(isFree == (model[slot] == nil))
            if let held = model[slot] {
                let removed = table.remove(connection(slot, held.generation))
                #expect(removed == held.value)
                model[slot] = nil
            } else {
                let generation = UInt32.random(in: 0..<ConnectionID.generationBound, using: &random)
                table.insert(value, for: connection(slot, generation))
                model[slot] = (generation, value)
            }
        }
        #expect(table.count == model.count)
        #expect(table.connections == model.sorted { $0.key < $1.key }.map { connection($0.key, $0.value.generation) })
    }

    @Test func `values are released when they are removed, and with the table`() {
        final class Resource {}
        weak var removed: Resource?
        weak var left: Resource?
        do {
            let table = SlotTable<Resource>(capacity: 2)
            do {
                let first = Resource()
                let second = Resource()
                removed = first
                left = second
                table.insert(first, for: connection(0))
                table.insert(second, for: connection(1))
            }
            table.remove(connection(0))
            #expect(removed == nil)
            #expect(left != nil)
        }
        #expect(left == nil)
    }

    @Test func `a slot beyond the table stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let table = SlotTable<Int>(capacity: 256)
            _ = table.contains(ConnectionID(slot: 256, generation: 0))
        }
    }

    @Test func `a slot holds one value`() async {
        await #expect(processExitsWith: .failure) {
            let table = SlotTable<Int>(capacity: 1)
            table.insert(1, for: ConnectionID(slot: 0, generation: 0))
            table.set(2, for: ConnectionID(slot: 0, generation: 1))
        }
    }
}
