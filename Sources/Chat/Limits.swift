/// The bounds of this module.
package enum Limits {
    /// Shops that a reactor keeps open; idle ones beyond are closed, and opened again from the store.
    package static let openShopCountMax = 65_536
}
