import API
import Primitives
import Sessions

/// The images that one reactor is serving by signed URLs. No token names a user to count them by, so they are counted
/// by shop: the readers of one shop's images cannot use up the memory for other shops' responses. A value.
struct SignedReads: Sendable {
    private var countsByShop: [ShopID: Int] = [:]
    private var count = 0

    /// Counts a read of a shop's image; false when the shop or the reactor has too many in flight. O(1).
    mutating func begin(in shop: ShopID) -> Bool {
        let shopCount = countsByShop[shop, default: 0]
        guard count < ServerLimits.signedReadCountMax, shopCount < ServerLimits.signedReadsPerShopMax else {
            return false
        }
        countsByShop[shop] = shopCount + 1
        count += 1
        return true
    }

    /// Ends a read that was counted. O(1).
    mutating func end(in shop: ShopID) {
        guard let shopCount = countsByShop[shop] else { preconditionFailure("a read ended that was not counted") }
        countsByShop[shop] = shopCount == 1 ? nil : shopCount - 1
        count -= 1
    }
}

extension Shard {
    /// Counts a read by a signed URL, from before the work until the response was sent.
    func reserveSignedRead(for request: Request, in shop: ShopID) throws(APIError) {
        // Without its connection, the request ends at its next step.
        guard let state = http[request.connection], state.session.state == .handling else { return }
        precondition(state.signedReadShop == nil, "a request reserves once")
        guard http.signedReads.begin(in: shop) else { throw .tooManyResponses }
        state.signedReadShop = shop
    }

    /// Ends the read that a connection's request has reserved, if any.
    func endSignedRead(_ state: HTTPConnection) {
        guard let shop = state.signedReadShop else { return }
        state.signedReadShop = nil
        http.signedReads.end(in: shop)
    }
}
