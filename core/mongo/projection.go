package mongo

import "go.mongodb.org/mongo-driver/v2/bson"

// projection is what a query has of a document: the values at some paths, or
// all of them for nil. What is not the record's own stays in the database.
func projection(reads []string) bson.D {
	if reads == nil {
		var without bson.D
		for _, name := range []string{liveField, wordsField, sortField, journalField, claimsField, notedField, batchField} {
			without = append(without, bson.E{Key: name, Value: 0})
		}
		return without
	}
	d := make(bson.D, 0, len(systemParts)+len(reads))
	for _, name := range systemParts {
		d = append(d, bson.E{Key: name, Value: 1})
	}
	for _, path := range reads {
		d = append(d, bson.E{Key: path, Value: 1})
	}
	return d
}

// systemParts are what decodeRecord makes the system fields of; the id comes
// by itself.
var systemParts = []string{versionField, "createdAt", "createdBy", "updatedAt", "updatedBy", deletedField}
