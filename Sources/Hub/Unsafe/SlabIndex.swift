/// A place in a `Slab`, typed by what the slab holds; `null` is no place.
struct SlabIndex<Element>: Hashable, BitwiseCopyable {
    let raw: UInt32

    init(raw: UInt32) {
        self.raw = raw
    }

    /// No place: the end of a list, or nothing there.
    static var null: Self { Self(raw: .max) }

    var isNull: Bool { raw == .max }
}
