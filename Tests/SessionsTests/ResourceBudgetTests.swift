import Testing

@testable import Sessions

@Suite struct ResourceBudgetTests {
    @Test func `a reservation must fit, and released bytes can be reserved again`() {
        var budget = ResourceBudget(max: 10)
        let first = [budget.reserve(6), budget.reserve(5), budget.reserve(4), budget.reserve(1)]
        #expect(first == [true, false, true, false] && budget.used == 10)
        budget.release(6)
        #expect(budget.hasRoom(for: 6) && !budget.hasRoom(for: 7))
    }

    @Test func `a correction is never refused, and an exceeded budget refuses reservations`() {
        var budget = ResourceBudget(max: 10)
        _ = budget.reserve(2)
        budget.correct(from: 2, to: 30)
        let isReserved = budget.reserve(1)
        #expect(budget.used == 30 && !isReserved)
        budget.correct(from: 30, to: 0)
        #expect(budget.used == 0)
    }

    @Test func `releasing more than was reserved stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var budget = ResourceBudget(max: 10)
            budget.release(1)
        }
    }
}
