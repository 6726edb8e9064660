package mongo

import (
	"slices"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// What a killed process leaves of a request with a key has a name that nobody asks for
// again.
func TestTheServerSweepsLeasesThatNobodyTakesAgain(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	must(t, s.Prepare(t.Context(), model(t)))
	_, err := s.Acquire(t.Context(), "a", "me", time.Minute)
	must(t, err)
	there, err := s.in(leasesCollection).Indexes().ListSpecifications(t.Context())
	must(t, err)
	if !slices.ContainsFunc(there, func(i driver.IndexSpecification) bool {
		return i.ExpireAfterSeconds != nil && *i.ExpireAfterSeconds == 3600 && i.KeysDocument.Lookup("until").IsNumber()
	}) {
		t.Errorf("the indexes of leases: %v; want one by which they go an hour after their end", there)
	}
	raw, err := s.in(leasesCollection).FindOne(t.Context(), bson.D{}).Raw()
	if must(t, err); raw.Lookup("until").Type != bson.TypeDateTime {
		t.Errorf("a lease is until %s; want a date, which alone a server sweeps by", raw.Lookup("until"))
	}
}
