import Primitives
import Testing

@testable import Reactor

/// The time slice of threads, where the kernel has one for each. It is the one that servers of other tests in this process
/// set too, at any time.
@Suite struct TimeSliceTests {
    @Test func `existing threads, and the threads that they create later, have the slice`() async {
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
}
