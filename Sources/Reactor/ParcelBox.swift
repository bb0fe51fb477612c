/// Carries a parcel through a completion's 64 bits.
final class ParcelBox<Parcel: Sendable>: Sendable {
    let parcel: Parcel
    init(_ parcel: Parcel) { self.parcel = parcel }
}
