package schema

import "strings"

// SearchPlaces are where the full text search looks in the records of a stored entity: the
// paths of fields, those that a role adds behind its name, as in "member:area".
func (e *Entity) SearchPlaces() []string {
	var places []string
	for _, f := range e.Stored().Fields {
		prefix := f.Name
		if mark := e.roleMark(f); mark != "" {
			prefix = mark
		}
		places = append(places, searchPlaces(f, prefix)...)
	}
	return places
}

func searchPlaces(f *Field, at string) []string {
	if f.Search {
		return []string{at}
	}
	if f.Of != nil {
		return searchPlaces(f.Of, at)
	}
	if !strings.HasSuffix(at, ":") {
		at += "."
	}
	var places []string
	for _, sub := range f.Subs() {
		places = append(places, searchPlaces(sub, at+sub.Name)...)
	}
	return places
}

// WordsAt are the words under which the search finds what lies at a place, also where no
// field of a model is there: what has which words is told by the values alone.
func WordsAt(values map[string]any, place string) []string {
	role, path, isRole := strings.Cut(place, ":")
	if !isRole {
		return wordsAt(values, place)
	}
	words := wordsAt(values[role], path)
	for i, word := range words {
		words[i] = role + ":" + word
	}
	return words
}

// wordsAt are the words at a path that leads through lists.
func wordsAt(value any, path string) []string {
	switch v := value.(type) {
	case string:
		if path == "" {
			plain, out := spellings(v)
			return append(plain, out...)
		}
	case []any:
		var words []string
		for _, item := range v {
			words = append(words, wordsAt(item, path)...)
		}
		return words
	case map[string]any:
		if path == "" {
			return phoneWords(v)
		}
		name, rest, _ := strings.Cut(path, ".")
		return wordsAt(v[name], rest)
	}
	return nil
}
