import Auth

/// The keys that verify tokens.
enum KeyCheck {
    /// Judges the secret, the outcome of reading the other keys (nil: none are set) and the claims that tokens must
    /// have.
    static func findings(
        _ auth: AuthConfiguration, mode: ServerConfiguration.Mode, isDemo: Bool,
        keys reading: Result<[UInt8], AuthConfigurationError>?
    ) -> [Finding] {
        guard auth.secret != nil || auth.keys != nil, auth.secret != nil || !isDemo else {
            let text = isDemo ? "the demo signs tokens with a secret, and none is set" : "no key verifies tokens"
            return [
                Finding(
                    .keysMissing, text,
                    fix: "AUTH_JWT_SECRET with 32 bytes or more (openssl rand -base64 48)"
                        + (isDemo ? "" : ", AUTH_JWKS_FILE or AUTH_JWKS_URL"))
            ]
        }
        var findings: [Finding] = []
        do throws(AuthConfigurationError) {
            var keys: KeySet?
            var secret: TokenSecret?
            if let text = auth.secret {
                let made = try TokenSecret(text)
                findings += judge(made, mode)
                keys = KeySet(secret: made)
                secret = made
            }
            if let reading {
                let loaded = try KeySet(secret: secret, jwks: try reading.get())
                let ignored = loaded.ignoredKeyCount
                let more = ignored > 0 ? ", \(ignored) of other kinds are ignored" : ""
                findings.append(Finding(.keysOK, "\(auth.keys?.settingName ?? "") can be used\(more)"))
                keys = loaded
            }
            if let keys { _ = try TokenSettings(keys: keys, issuer: auth.issuer, audience: auth.audience) }
        } catch {
            findings.append(finding(error, auth))
        }
        return findings
    }

    private static func judge(_ secret: TokenSecret, _ mode: ServerConfiguration.Mode) -> [Finding] {
        do throws(AuthConfigurationError) {
            try secret.requireProductionStrength()
            return [Finding(.keysOK, "AUTH_JWT_SECRET has \(secret.byteCount) bytes")]
        } catch {
            let code: FindingCode =
                switch mode {
                case .production: .secretTooShort
                case .development: .secretShort
                }
            return [
                Finding(
                    code,
                    "AUTH_JWT_SECRET has \(secret.byteCount) bytes; production mode requires at least "
                        + "\(Auth.Limits.secretByteCountMin)",
                    fix: "AUTH_JWT_SECRET=$(openssl rand -base64 48), for the issuer of the tokens too")
            ]
        }
    }

    private static func finding(_ error: AuthConfigurationError, _ auth: AuthConfiguration) -> Finding {
        let name = auth.keys?.settingName ?? "AUTH_JWT_SECRET"
        return switch error {
        case .keySetUnreadable:
            Finding(
                .keysUnreadable, "\(name): \(error)",
                fix: "\(name): a source that this user and machine can read, now and at every start")
        case .noKeys, .secretEmpty, .secretTooShort, .leewayOutOfRange, .keySetTooLarge, .keySetMalformed,
            .noUsableKey, .duplicateKey, .invalidKey, .weakKey, .emptyExpectation:
            Finding(.keysInvalid, "\(name): \(error)", fix: "correct the keys at their issuer, or \(name)")
        }
    }

    /// Reads the keys, where they come from a file or a URL.
    static func findings(_ configuration: ServerConfiguration) async -> [Finding] {
        var reading: Result<[UInt8], AuthConfigurationError>?
        if let source = configuration.auth.keys {
            let unanswered = AuthConfigurationError.keySetUnreadable(
                path: source.description, reason: "no answer within \(DoctorLimits.answerWait)")
            reading = await answer(or: .failure(unanswered)) { await source.read().map(\.text) }
        }
        return findings(
            configuration.auth, mode: configuration.mode, isDemo: configuration.isDemo, keys: reading)
    }
}
