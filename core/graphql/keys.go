package graphql

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// KeyDesk is what administrators do with API keys.
type KeyDesk interface {
	Keys(ctx context.Context) ([]core.Key, error)
	// Issue makes a key of the name, the roles, the party, the expiry and the maker of k.
	// It takes the place of the one with the id of k, if k has one.
	Issue(ctx context.Context, m *schema.Model, k core.Key) (issued core.Key, secret string, err error)
	// RemoveKey says whether there was such a key.
	RemoveKey(ctx context.Context, id string) (bool, error)
}

func explained(text string, f *graphql.Field) *graphql.Field {
	f.Description = text
	return f
}

type issuedKey struct {
	key    core.Key
	secret string
}

// madeKey is what is kept of an answer with a key. The secret is kept nowhere: who has made
// the key knows itself by the attempt, and has it.
type madeKey struct {
	core.Key
	Attempt string
}

// idOfKey is the id of the key that a request makes at each of its attempts. What was killed
// after it made the key, and before anybody got the secret, is followed by a key in its place.
func idOfKey(request string) string {
	if request == "" {
		return ""
	}
	return uuid.NewSHA1(uuid.Nil, []byte("API key "+request)).String()
}

// keys adds what administrators do with API keys.
func (b *builder) keys() {
	if b.Keys == nil {
		return
	}
	of := part[core.Key]
	key := b.own(graphql.ObjectConfig{Name: "ApiKey", Description: "Whose key it is and what it may do. The secret is kept nowhere.", Fields: graphql.Fields{
		"id":        of(graphql.NewNonNull(graphql.ID), func(k core.Key) any { return k.ID }),
		"name":      of(graphql.String, func(k core.Key) any { return optional(k.Name) }),
		"roles":     of(nonNullList(graphql.String), func(k core.Key) any { return k.Roles }),
		"party":     of(graphql.ID, func(k core.Key) any { return optional(k.Party) }),
		"createdAt": of(dateTime, func(k core.Key) any { return schema.Instant(k.CreatedAt) }),
		"createdBy": of(graphql.String, func(k core.Key) any { return optional(k.CreatedBy) }),

		"expiresAt":  explained("From when on it does not work; null for never.", of(dateTime, func(k core.Key) any { return moment(k.ExpiresAt) })),
		"lastUsedAt": explained("When it was used last, to the minute or so; null when that is not known.", of(dateTime, func(k core.Key) any { return moment(k.LastUsedAt) })),
	}})
	secret := explained("For the header Authorization: Bearer SECRET.", part(graphql.NewNonNull(graphql.String), func(i issuedKey) any { return i.secret }))
	issued := b.own(graphql.ObjectConfig{Name: "IssuedApiKey", Description: "A new key. Its secret is shown this once.", Fields: graphql.Fields{
		"apiKey": part(graphql.NewNonNull(key), func(i issuedKey) any { return i.key }),
		"secret": secret,
	}})
	const whose = "API keys are"
	b.addQuery(program, "apiKeys", (*sight).administers, &graphql.Field{
		Type: nonNullList(key), Description: "The API keys, for administrators.",
		Resolve: administered(whose, func(p graphql.ResolveParams) (any, error) {
			keys, err := b.Keys.Keys(p.Context)
			return append([]core.Key{}, keys...), err
		}),
	})
	b.addMutation(program, "createApiKey", (*sight).administers, &graphql.Field{
		Type: issued, Description: "Makes an API key, for administrators.",
		Args: graphql.FieldConfigArgument{
			"roles": {Type: nonNullList(graphql.String)},
			"name":  {Type: graphql.String, Description: "Whose key it is, for people and the history."},
			"party": {Type: graphql.ID, Description: "The business partner that the key belongs to: $user.party in the rules of its roles."},

			"expiresAt": {Type: dateTime, Description: "From when on the key does not work; without it, it works until it is revoked."},
		},
		Resolve: administered(whose, func(p graphql.ResolveParams) (any, error) {
			k := core.Key{CreatedBy: ActorFrom(p.Context).ID}
			k.Name, _ = p.Args["name"].(string)
			k.Party, _ = p.Args["party"].(string)
			for _, role := range p.Args["roles"].([]any) {
				k.Roles = append(k.Roles, role.(string))
			}
			if expires, given := p.Args["expiresAt"].(string); given {
				var err error
				if k.ExpiresAt, err = time.Parse(time.RFC3339, expires); err != nil {
					return nil, invalidArgument("expiresAt", "datetime", "must be an instant such as 2027-01-31T00:00:00Z, not "+expires)
				}
			}
			secret, attempt := "", rand.Text()
			made, err := answerOnce(p.Context, b, "createApiKey", p.Args, func(ctx context.Context, request string) (madeKey, error) {
				k.ID = idOfKey(request)
				var issued core.Key
				var err error
				issued, secret, err = b.Keys.Issue(ctx, b.Model, k)
				issued.Hash = ""
				return madeKey{issued, attempt}, err
			})
			k = made.Key
			if err == nil && made.Attempt != attempt {
				err = &core.Error{Code: core.Conflict, Message: "The API key " + k.ID + " was made before, with this idempotency key. Its secret was shown once and is kept nowhere: if you have not got it, revoke that one, and make another with a new idempotency key."}
			}
			return issuedKey{k, secret}, err
		}),
	})
	b.addMutation(program, "revokeApiKey", (*sight).administers, &graphql.Field{
		Type: graphql.Boolean, Description: "Removes an API key, for administrators. Requests with it are refused within three seconds, subscriptions end within half a minute.",
		Args: graphql.FieldConfigArgument{"id": id},
		Resolve: administered(whose, func(p graphql.ResolveParams) (any, error) {
			key := p.Args["id"].(string)
			return answerOnce(p.Context, b, "revokeApiKey", p.Args, func(ctx context.Context, _ string) (bool, error) {
				removed, err := b.Keys.RemoveKey(ctx, key)
				if err == nil && !removed {
					err = &core.Error{Code: core.NotFound, Message: "There is no API key with the id " + key + "; apiKeys lists them."}
				}
				return removed, err
			})
		}),
	})
}
