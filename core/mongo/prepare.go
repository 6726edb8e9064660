package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Prepare makes the indexes that the model asks for, and with them the
// collections. What exists is left alone, but for what keeps a field unique that
// need not be so any more. A database that is half restored is refused. A field that cannot become unique
// because records have the same value is an Invalid error that names it.
func (s *Store) Prepare(ctx context.Context, m *schema.Model) error {
	if err := Check(m); err != nil {
		return err
	}
	if err := s.whole(ctx); err != nil {
		return err
	}
	return s.prepare(ctx, m)
}

func (s *Store) prepare(ctx context.Context, m *schema.Model) error {
	for _, e := range m.Stored() {
		if err := s.prepareRecords(ctx, m, e); err != nil {
			return err
		}
	}
	for _, own := range []struct {
		collection collection
		indexes    []driver.IndexModel
	}{
		{s.keys(), keyIndexes()},
		{s.deliveries(), deliveryIndexes()},
		{s.timers(), timerIndexes()},
		{s.state(), stateIndexes()},
		{s.batches(), batchIndexes()},
		{s.in(leasesCollection), leaseIndexes()},
		{s.contentChunks(), contentChunkIndexes()},
	} {
		if _, err := own.collection.Indexes().CreateMany(ctx, own.indexes); err != nil {
			return s.failed("create the indexes of "+own.collection.Name(), err)
		}
	}
	return nil
}

// prepareRecords makes the indexes of an entity, and what lies beside its records.
func (s *Store) prepareRecords(ctx context.Context, m *schema.Model, e *schema.Entity) error {
	must, others := indexesOf(m, e), roleOrders(m, e)
	there, err := s.collection(e).Indexes().ListSpecifications(ctx)
	if err != nil {
		return s.failed("list the indexes of "+e.Name, err)
	}
	if there, err = s.dropFormer(ctx, e, there, slices.Concat(must, others)); err != nil {
		return err
	}
	indexes, err := s.withRoom(ctx, e, there, must, others)
	if err != nil {
		return err
	}
	if err := s.makeKeys(ctx, m, e); err != nil {
		return err
	}
	now, later := besideFormer(indexes, there)
	if err := s.createIndexes(ctx, e, now); err != nil {
		return err
	}
	if err := s.makeClaims(ctx, e); err != nil {
		return err
	}
	if err := s.dropUnique(ctx, e, there); err != nil {
		return err
	}
	if err := s.createIndexes(ctx, e, later); err != nil {
		return err
	}
	s.declared.Store(e.Name, declaredIn(indexes, e.Collated(m.Roles(e)), e.SearchPlaces()))
	return nil
}

// besideFormer parts the indexes into those that are made now and those that take the place
// of an index of a former version, which has to go first: there may be no room for both.
func besideFormer(indexes []driver.IndexModel, there []driver.IndexSpecification) (now, later []driver.IndexModel) {
	for _, index := range indexes {
		path, isLive := strings.CutPrefix(nameOf(index), livePrefix)
		former := func(i driver.IndexSpecification) bool { return i.Name == uniquePrefix+path }
		if isLive && slices.ContainsFunc(there, former) {
			later = append(later, index)
		} else {
			now = append(now, index)
		}
	}
	return now, later
}

// withRoom adds to the indexes that must be as many of the others as the
// collection has room for, beside those that are there already, whoever made them. Of
// the others that an earlier model had, as many go as those that must be need.
func (s *Store) withRoom(ctx context.Context, e *schema.Entity, there []driver.IndexSpecification, must, others []driver.IndexModel) ([]driver.IndexModel, error) {
	if len(others) == 0 {
		return must, nil
	}
	names := map[string]bool{"_id_": true}
	for _, index := range there {
		names[index.Name] = true
	}
	for name := range names {
		if strings.HasPrefix(name, fencePrefix) {
			delete(names, name)
		}
	}
	if isClaimed(must) {
		for n := range fences { // these have room, whatever is there of them
			names[fenceName(int64(-n))] = true
		}
	}
	needed := map[string]bool{}
	for _, index := range must {
		names[nameOf(index)], needed[nameOf(index)] = true, true
	}
	for _, index := range there {
		if len(names) > maxIndexes && isOfRole(index.Name) && !needed[index.Name] {
			if err := s.dropIndex(ctx, e, index.Name); err != nil {
				return nil, err
			}
			delete(names, index.Name)
		}
	}
	all := slices.Clone(must)
	for _, index := range others {
		name := nameOf(index)
		if !names[name] && len(names) >= maxIndexes {
			continue
		}
		names[name] = true
		all = append(all, index)
	}
	return withoutRepeats(all), nil
}

// isOfRole says whether an index has the order of what a role adds, also as earlier
// versions made it.
func isOfRole(name string) bool {
	return strings.HasPrefix(name, holdingPrefix) || strings.HasPrefix(name, orderPrefix+schema.RolesField+",")
}

func (s *Store) createIndexes(ctx context.Context, e *schema.Entity, indexes []driver.IndexModel) error {
	if len(indexes) == 0 {
		return nil
	}
	_, err := s.collection(e).Indexes().CreateMany(ctx, indexes)
	if err == nil {
		return nil
	}
	var ours *core.Error
	if err := s.failed("create the indexes of "+e.Name, err); errors.As(err, &ours) {
		return err
	}
	// One by one, to find the one that cannot be.
	for _, index := range indexes {
		_, err := s.collection(e).Indexes().CreateOne(ctx, index)
		switch {
		case err == nil:
		case nameOf(index) == claimsIndex && !passing(err):
			return s.notUnique(ctx, e, err)
		default:
			return s.failed(fmt.Sprintf("create the index %q of %s", nameOf(index), e.Name), err)
		}
	}
	return nil
}

const indexNotFound = 27

// dropUnique drops the unique indexes of former versions: claims have taken their place, or
// the field is not unique any more. One of a field that the model does not know is left to an
// instance that does.
func (s *Store) dropUnique(ctx context.Context, e *schema.Entity, there []driver.IndexSpecification) error {
	for _, index := range there {
		path, isUnique := strings.CutPrefix(index.Name, uniquePrefix)
		if f, _ := e.At(path); !isUnique || f == nil {
			continue
		}
		if err := s.dropIndex(ctx, e, index.Name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) dropIndex(ctx context.Context, e *schema.Entity, name string) error {
	err := s.collection(e).Indexes().DropOne(ctx, name)
	var server driver.ServerError
	if errors.As(err, &server) && server.HasErrorCode(indexNotFound) { // another instance was faster
		return nil
	}
	return s.failed(fmt.Sprintf("drop the index %q of %s", name, e.Name), err)
}

// nameOf reads the name that was given to an index.
func nameOf(index driver.IndexModel) string {
	var o options.IndexOptions
	for _, set := range index.Options.List() {
		// The setters of this package's indexes only assign.
		_ = set(&o)
	}
	return *o.Name
}

// notUnique says which values stand in the way of unique fields. Without any, it says why
// the index of their claims could not be made.
func (s *Store) notUnique(ctx context.Context, e *schema.Entity, cause error) error {
	for _, path := range uniqueWanted(e, nil) {
		shared, err := s.sharedAt(ctx, e, path)
		if err != nil {
			return err
		}
		if len(shared) > 0 {
			return core.NotUnique(e, path, shared)
		}
	}
	return s.failed("create the index of the unique values of "+e.Name, cause)
}

// sharedAt are the values at a path that several live records have, the most frequent first.
func (s *Store) sharedAt(ctx context.Context, e *schema.Entity, path string) (shared []core.Shared, err error) {
	isLive := bson.D{{Key: liveField, Value: true}, {Key: path, Value: bson.D{{Key: "$ne", Value: nil}}}}
	cursor, err := s.collection(e).Aggregate(ctx, driver.Pipeline{
		{{Key: "$match", Value: isLive}},
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$" + path}, {Key: countField, Value: bson.D{{Key: "$sum", Value: 1}}}}}},
		{{Key: "$match", Value: bson.D{{Key: countField, Value: bson.D{{Key: "$gt", Value: 1}}}}}},
		{{Key: "$sort", Value: bson.D{{Key: countField, Value: -1}, {Key: "_id", Value: 1}}}},
		{{Key: "$limit", Value: core.MostShared}},
	})
	var found []struct {
		Value   any   `bson:"_id"`
		Records int64 `bson:"n"`
	}
	if err == nil {
		err = cursor.All(ctx, &found)
	}
	for _, f := range found {
		one := core.Shared{Value: f.Value, Records: f.Records}
		if one.IDs, err = s.firstWith(ctx, e, append(bson.D{{Key: liveField, Value: true}}, bson.E{Key: path, Value: f.Value})); err != nil {
			break
		}
		shared = append(shared, one)
	}
	return shared, s.failed("look for who shares a value of "+path+" of "+e.Name, err)
}

// firstWith are the ids of the first records that a filter selects.
func (s *Store) firstWith(ctx context.Context, e *schema.Entity, filter bson.D) (ids []string, err error) {
	cursor, err := s.collection(e).Find(ctx, filter, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(core.MostShared).SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, err
	}
	var found []struct {
		ID string `bson:"_id"`
	}
	err = cursor.All(ctx, &found)
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return ids, err
}
