package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const userIDKey = "user_id"

var errToken = errors.New("the token is not valid")

// requireToken lets through who has a valid token, in the header or else in the query, and notes whose it is.
func requireToken(secret []byte) gin.HandlerFunc {
	return func(context *gin.Context) {
		token := strings.TrimPrefix(context.GetHeader("Authorization"), "Bearer ")
		if token == "" {
			token = context.Query("token")
		}
		userID, err := verify(token, secret, time.Now())
		if err != nil {
			context.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"message": err.Error(), "code": "unauthorized"})
			return
		}
		context.Set(userIDKey, userID)
	}
}

// verify returns the user of an HS256 token (RFC 7515, RFC 7519).
func verify(token string, secret []byte, now time.Time) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errToken
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	if decodePart(parts[0], &header) != nil || header.Algorithm != "HS256" {
		return "", errToken
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return "", errToken
	}
	code := hmac.New(sha256.New, secret)
	code.Write([]byte(token[:len(parts[0])+1+len(parts[1])]))
	if !hmac.Equal(signature, code.Sum(nil)) {
		return "", errToken
	}
	var claims struct {
		Subject   string  `json:"sub"`
		ExpiresAt float64 `json:"exp"`
	}
	if decodePart(parts[1], &claims) != nil || claims.Subject == "" || claims.ExpiresAt <= float64(now.Unix()) {
		return "", errToken
	}
	return claims.Subject, nil
}

func decodePart(part string, value interface{}) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}
