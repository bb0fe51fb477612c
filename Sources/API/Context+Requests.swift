public import Auth
public import Chat
internal import HTTP
public import Primitives
public import Storage

// What handlers have in common: the caller and its role, its limits, and the way to the owner of a shop.

extension Context {
    // MARK: - Identity and membership

    /// The user of a request: of the token in its header, or of `queryToken` when there is no such token. A token whose
    /// key is unknown waits for a read of the keys, when one is in flight or due.
    public func identity(of request: Request, orOf queryToken: String? = nil) async throws(APIError) -> Identity {
        if let identity = request.identity { return identity }
        do throws(AuthError) {
            do throws(AuthError) {
                return try verifyToken(of: request.head, or: queryToken)
            } catch .unknownKey {
                guard let reload = joinKeyReload() else { throw .unknownKey }
                await reload()
            }
            return try verifyToken(of: request.head, or: queryToken)
        } catch {
            countRefusal(error)
            throw APIError(error)
        }
    }

    /// The user of the token in a head, by the current keys.
    func currentIdentity(of head: RequestHead) throws(APIError) -> Identity {
        do throws(AuthError) {
            return try verifyToken(of: head, or: nil)
        } catch {
            countRefusal(error)
            throw APIError(error)
        }
    }

    /// The user's role in the shop, when it is known without a wait.
    public func knownRole(of user: UserID, in shop: ShopID) -> KnownRole {
        let known = store.knownRole(of: user, in: shop)
        guard known == .unknown, let role = rememberedRole(of: user, in: shop) else { return known }
        return .member(role)
    }

    /// The user's role in the shop; nil for none, and for a shop that does not exist.
    public func role(of user: UserID, in shop: ShopID) async throws(APIError) -> ShopRole? {
        switch knownRole(of: user, in: shop) {
        case .member(let role): return role
        case .notMember: return nil
        case .unknown: break
        }
        do throws(StorageError) {
            let version = membershipVersion
            guard let role = try await store.role(of: user, in: shop) else { return nil }
            remember(role, of: user, in: shop, lookedUpAt: version)
            return role
        } catch {
            throw storageFailure(error)
        }
    }

    /// The user's role in the shop; throws when the user is no member. A shop that does not exist causes the same
    /// error.
    @discardableResult
    public func requireMembership(of user: UserID, in shop: ShopID) async throws(APIError) -> ShopRole {
        guard let role = try await role(of: user, in: shop) else { throw .notMember }
        return role
    }

    // MARK: - Limits

    /// Reserves one of the user's reads for a request, from before the work until the response was sent.
    public func reserveRead(for request: Request, of user: UserID) async throws(APIError) {
        guard areReadsLimited else { return }
        try await limited(on: owner(of: user)) { (counter) throws(APIError) in try counter.beginRead(by: user) }
        holdRead(for: request, by: user)
    }

    /// Counts a request without a valid token or secret by its client's address. Throws when there were too many, with
    /// the time to wait.
    public func countFailedAttempt(of address: PeerAddress?) async throws(APIError) {
        guard let address, areFailedAttemptsLimited else { return }
        try await limited(on: owner(of: address)) { (counter) throws(APIError) in
            try counter.takeFailedAttempt(of: address)
        }
    }

    /// Takes the bytes of an image that is about to be stored from its user's hourly limit.
    public func takeUploadBytes(_ byteCount: Int, of user: UserID) async throws(APIError) {
        guard areUploadBytesLimited else { return }
        try await limited(on: owner(of: user)) { (counter) throws(APIError) in
            try counter.takeUpload(ofByteCount: byteCount, by: user)
        }
    }

    /// Returns the bytes to the limit, as the image was not stored.
    public func returnUploadBytes(_ byteCount: Int, of user: UserID) {
        guard areUploadBytesLimited else { return }
        sendReturnedUpload(ofByteCount: byteCount, by: user)
    }

    /// Returns when the task may work on a piece of a body: in this turn of the reactor, or a later one.
    public func pieceTurn() async {
        if takePieceTurn() { return }
        await withCheckedContinuation { waitForPieceTurn($0) }
    }

    // MARK: - Writes

    /// Runs a write of the user on the reactor that owns the shop, within the user's rate. Membership and the body were
    /// checked before. A write that is refused or fails does not count.
    public func write<Value: Sendable>(
        by user: UserID, in shop: ShopID, _ body: @Sendable (Owner) async throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        guard areWritesLimited else { return try await onOwner(owner(of: shop), body) }
        let counter = owner(of: user)
        let owner = owner(of: shop)
        if counter === owner {
            // The same reactor counts and writes, so there is no hop in addition to the write's own.
            if owner === self { return try await Self.counted(user, on: owner, body) }
            return try await onOwner(owner) { (owner) async throws(APIError) in
                try await Self.counted(user, on: owner, body)
            }
        }
        try await limited(on: counter) { (counter) throws(APIError) in try counter.takeWrite(by: user) }
        do throws(APIError) {
            return try await onOwner(owner, body)
        } catch {
            sendReturnedWrite(by: user)
            throw error
        }
    }

    /// Runs a write on the reactor that counts it too.
    private static func counted<Value: Sendable>(
        _ user: UserID, on owner: Owner, _ body: @Sendable (Owner) async throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        try owner.takeWrite(by: user)
        do throws(APIError) {
            return try await body(owner)
        } catch {
            owner.returnWrite(by: user)
            throw error
        }
    }

    /// Runs `body` on an owner's reactor. Without a hop when it is this one.
    private func onOwner<Value: Sendable>(
        _ owner: Owner, _ body: @Sendable (Owner) async throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        if owner === self { return try await body(owner) }
        let outcome = await on(owner) { owner -> Result<Value, APIError> in
            do throws(APIError) {
                return .success(try await body(owner))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
