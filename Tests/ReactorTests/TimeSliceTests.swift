import Primitives
import Testing

@testable import Reactor

/// The time slice of threads, where the kernel has one for each.
@Suite struct TimeSliceTests {
    @Test func `threads that are there and threads that these make later have the slice`() async {
        guard TimeSlice.current != nil else { return }
        let (later, started) = await withCheckedContinuation { continuation in
            _ = ReactorThread(name: "slice") {
                let count = TimeSlice.set(.microseconds(300))
                _ = ReactorThread(name: "later") { continuation.resume(returning: (TimeSlice.current, count)) }
            }
        }
        #expect(started >= 2, "this thread and that one")
        #expect(later == .microseconds(300))
    }

    @Test func `a slice that the kernel does not have is the nearest that it has`() async {
        guard TimeSlice.current != nil else { return }
        let current = await withCheckedContinuation { continuation in
            _ = ReactorThread(name: "slice") {
                TimeSlice.set(.nanoseconds(1))
                continuation.resume(returning: TimeSlice.current)
                TimeSlice.set(.microseconds(300))
            }
        }
        #expect(current == .microseconds(100))
    }
}
