package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// keyPrefix lets people and secret scanners recognize a key.
const keyPrefix = "xrm_"

// NewKey returns a new API key and the hash to store for it. The secret is
// shown once and kept nowhere.
func NewKey() (secret, hash string) {
	random := make([]byte, 32)
	rand.Read(random) // never fails: it ends the program rather than return predictable bytes
	secret = keyPrefix + hex.EncodeToString(random)
	return secret, HashKey(secret)
}

// HashKey is how a key is stored and looked up: SHA-256, in hex. Slow, salted
// hashes protect passwords, which people choose and others guess. A key is 256
// random bits: nobody can guess it however fast the hash is, no two are the
// same, and every request pays for the hash.
func HashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
