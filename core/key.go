package core

import "time"

// Key is an API key as it is stored: never the key itself, only its hash.
type Key struct {
	ID        string // UUIDv7; the Actor.ID of whoever uses the key
	Hash      string // hex SHA-256 of the secret key
	Name      string // for people: whose key this is
	Roles     []string
	Party     string // id of the party that the holder belongs to; "" for none
	CreatedAt time.Time
	CreatedBy string
}
