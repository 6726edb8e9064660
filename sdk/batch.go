package sdk

// IDs returns the ids of records, for a filter: {"in": IDs(customers)}.
func IDs(records []*Record) []any {
	ids := make([]any, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	return ids
}

// GroupBy deals out records to those that they refer to by a field: the
// result has one list for each parent, in the order of the parents, each in
// the order of records. It is what the resolver of a Computed field returns
// after one Find for all parents.
func GroupBy(records []*Record, field string, parents []*Record) [][]*Record {
	byID := map[string][]*Record{}
	for _, r := range records {
		byID[r.Text(field)] = append(byID[r.Text(field)], r)
	}
	groups := make([][]*Record, len(parents))
	for i, parent := range parents {
		groups[i] = byID[parent.ID]
	}
	return groups
}
