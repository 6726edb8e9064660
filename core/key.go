package core

import "time"

// Key is an API key as it is stored: never the key itself, only its hash.
type Key struct {
	ID        string // a UUID; the Actor.ID of whoever uses the key
	Hash      string // hex SHA-256 of the secret key
	Name      string // for people: whose key this is
	Roles     []string
	Party     string // id of the party that the holder belongs to; "" for none
	CreatedAt time.Time
	CreatedBy string

	ExpiresAt  time.Time // from when on it does not work; zero for never
	LastUsedAt time.Time // about when; zero when that is not known
}

// Expired says whether the key has ceased to work.
func (k Key) Expired(now time.Time) bool { return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) }
