/// A FIFO queue in one array. Appending and popping are O(1) amortised, prepending is O(n).
package struct FIFOQueue<Element> {
    @usableFromInline
    package var elements: [Element] = []
    @usableFromInline
    package var head = 0

    /// Creates an empty queue.
    @inlinable
    package init() {}

    /// Whether it has no elements.
    @inlinable
    package var isEmpty: Bool { head == elements.count }
    /// The number of elements.
    @inlinable
    package var count: Int { elements.count - head }
    /// The oldest element.
    @inlinable
    package var first: Element? { isEmpty ? nil : elements[head] }

    /// Puts an element after all others.
    @inlinable
    package mutating func append(_ element: Element) { elements.append(element) }

    /// Takes the oldest element.
    @inlinable
    package mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head]
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024 {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Puts elements before all others, keeping their order.
    package mutating func prepend(_ others: [Element]) {
        elements.replaceSubrange(..<head, with: others)
        head = 0
    }

    /// Takes all elements.
    package mutating func takeAll() -> [Element] {
        defer {
            elements = []
            head = 0
        }
        return Array(elements[head...])
    }

    /// Takes the elements for which `isTaken` returns true. The others keep their order.
    package mutating func take(where isTaken: (Element) -> Bool) -> [Element] {
        guard elements[head...].contains(where: isTaken) else { return [] }
        let all = takeAll()
        elements = all.filter { !isTaken($0) }
        return all.filter(isTaken)
    }
}
