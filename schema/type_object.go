package schema

type objectType struct{ plain }

func (objectType) Name() string         { return "object" }
func (objectType) Doc() string          { return "Values that belong together, with fields of their own." }
func (objectType) Options() []string    { return []string{"fields"} }
func (objectType) Operators() []Op      { return []Op{OpIsNull} }
func (objectType) Compare(a, b any) int { return 0 }

func (objectType) Lint(f *Field) []string {
	switch {
	case len(f.Fields) == 0:
		return []string{"an object needs fields"}
	case f.Unique:
		return []string{"an object cannot be unique; make one of its fields unique"}
	}
	return nil
}

// Parse only knows whether it is an object: Check goes into the fields,
// to report each of them by its path.
func (objectType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	if object, ok := raw.(map[string]any); ok {
		return object, nil
	}
	return nil, mustBe("an object", raw)
}
