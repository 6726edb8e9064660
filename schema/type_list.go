package schema

type listType struct{ plain }

func (listType) Name() string         { return "list" }
func (listType) Doc() string          { return "Several values in order: of: {type: ...} says which." }
func (listType) Options() []string    { return []string{"of"} }
func (listType) Operators() []Op      { return []Op{OpSome, OpNone, OpEvery, OpIsNull} }
func (listType) Compare(a, b any) int { return 0 }

func (listType) Lint(f *Field) []string {
	switch {
	case f.Of == nil:
		return []string{"a list needs of: what its items are, for example of: {type: text}"}
	case f.Of.Type == "list" || f.Of.Type == "autonumber":
		return []string{"the items of a list cannot be of type " + f.Of.Type}
	case f.Unique:
		return []string{"a list cannot be unique"}
	}
	return nil
}

// Parse only knows whether it is a list: Check goes into the items, to
// report each of them by its path.
func (listType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	if list, ok := raw.([]any); ok {
		return list, nil
	}
	return nil, mustBe("a list", raw)
}
