package schema

type booleanType struct{ plain }

func (booleanType) Name() string    { return "boolean" }
func (booleanType) Doc() string     { return "true or false." }
func (booleanType) Operators() []Op { return []Op{OpEq, OpNe, OpIsNull} }

func (booleanType) Compare(a, b any) int {
	x, _ := a.(bool)
	y, _ := b.(bool)
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

func (booleanType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	switch v := raw.(type) {
	case bool:
		return v, nil
	case string:
		switch v {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return nil, mustBe("true or false", raw)
}
