package schema

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// fileParts are what a record says of a file. The content lies elsewhere.
var fileParts = Fields{
	{Name: "id", Type: "text", System: true},
	{Name: "name", Type: "text", System: true},
	{Name: "size", Type: "integer", System: true},
	{Name: "mediaType", Type: "text", System: true},
	{Name: "sha256", Type: "text", System: true},
}

// mediaPattern is what accept lists: application/pdf, image/*.
var mediaPattern = regexp.MustCompile(`^[a-z]+/(\*|[a-z0-9][a-z0-9.+-]*)$`)

type fileType struct{ plain }

func (fileType) Name() string { return "file" }
func (fileType) Doc() string {
	return "A file that was uploaded before (POST /files): written by the id of the upload, read as {id, name, size, mediaType, sha256}."
}
func (fileType) Options() []string    { return []string{"maxSize", "accept"} }
func (fileType) Operators() []Op      { return nil }
func (fileType) Compare(a, b any) int { return 0 }

func (fileType) Lint(f *Field) (faults []string) {
	switch {
	case f.Unique, f.Index, f.Search:
		faults = append(faults, "a file cannot be unique, index or search; keep what records are found by in a field of its own")
	case f.Default != nil:
		faults = append(faults, "a file cannot have a default: each is uploaded")
	}
	if f.MaxSize != nil && *f.MaxSize <= 0 {
		faults = append(faults, fmt.Sprintf("maxSize is a number of bytes of at least 1, not %d", *f.MaxSize))
	}
	for _, pattern := range f.Accept {
		if !mediaPattern.MatchString(pattern) {
			faults = append(faults, fmt.Sprintf("accept: %q is no media type such as application/pdf or image/*", pattern))
		}
	}
	return faults
}

// Parse takes the id of an upload, or a whole value. Of an id it makes {id}, which
// whoever knows the uploads completes; see CheckFiles.
func (fileType) Parse(f *Field, raw any, s Scope) (any, error) {
	id, ok := FileID(raw)
	if !ok {
		return nil, mustBe("the id of an upload, which POST /files answers with", raw)
	}
	value, _ := raw.(map[string]any)
	for key := range value {
		if findField(fileParts, key) == nil {
			return nil, unfit(key, "must be the id of an upload and nothing else")
		}
	}
	if !isWhole(value) {
		return map[string]any{"id": id}, nil
	}
	if s.Stored || s.Compared {
		return value, nil
	}
	size, mediaType := value["size"].(int64), value["mediaType"].(string)
	if f.MaxSize != nil && size > *f.MaxSize {
		return nil, unfit(size, "must have at most %d bytes", *f.MaxSize)
	}
	if !f.Accepts(mediaType) {
		return nil, unfit(mediaType, "must be a file of type %s", strings.Join(f.Accept, ", "))
	}
	return value, nil
}

// Accepts says whether files of a media type may be in the field.
func (f *Field) Accepts(mediaType string) bool {
	essence, _, _ := strings.Cut(mediaType, ";")
	return len(f.Accept) == 0 || slices.ContainsFunc(f.Accept, func(pattern string) bool {
		kind, all := strings.CutSuffix(pattern, "*")
		return pattern == essence || all && strings.HasPrefix(essence, kind)
	})
}

// FileID reads the id of a file, from itself or a value.
func FileID(raw any) (id string, ok bool) {
	if value, isObject := raw.(map[string]any); isObject {
		raw = value["id"]
	}
	id, _ = raw.(string)
	id = strings.ToLower(strings.TrimSpace(id))
	return id, len(id) == 36 && uuid.Validate(id) == nil
}

// isWhole says whether a value has all that is said of a file.
func isWhole(value map[string]any) bool {
	sum, _ := value["sha256"].(string)
	raw, err := hex.DecodeString(sum)
	name, _ := value["name"].(string)
	mediaType, _ := value["mediaType"].(string)
	size, isSize := value["size"].(int64)
	return err == nil && len(raw) == 32 && name != "" && mediaType != "" && isSize && size >= 0
}

// HasFiles says whether records of the entity may have files.
func (e *Entity) HasFiles() bool { return e.Stored().Fields.files() }

// HasFiles says whether a value of the field is a file, or may have files in it.
func (f *Field) HasFiles() bool { return Fields{f}.files() }

// EachFile is Entity.EachFile for a value of the field, which lies at a path.
func (f *Field) EachFile(value any, at string, each func(at string, value any) any) any {
	if value == nil {
		return nil
	}
	return f.eachFile(value, at, each)
}

func (fs Fields) files() bool {
	return slices.ContainsFunc(fs, func(f *Field) bool {
		return f.Type == "file" || f.Type == "object" && f.Fields.files() || f.Of != nil && Fields{f.Of}.files()
	})
}

// EachFile calls each for what lies in the fields for files of a stored entity, as it
// is: canonical, or as somebody has sent it. What each returns takes its place.
func (e *Entity) EachFile(values map[string]any, each func(at string, value any) any) {
	eachFile(e.Stored().Fields, values, "", each)
}

func eachFile(fields Fields, values map[string]any, prefix string, each func(at string, value any) any) {
	for _, f := range fields {
		if value := values[f.Name]; value != nil && f.HasFiles() {
			values[f.Name] = f.eachFile(value, prefix+f.Name, each)
		}
	}
}

func (f *Field) eachFile(value any, at string, each func(at string, value any) any) any {
	if f.Type == "file" {
		return each(at, value)
	}
	switch v := value.(type) {
	case map[string]any:
		eachFile(f.Fields, v, at+".", each)
	case []any:
		for i, item := range v {
			if f.Of != nil && item != nil {
				v[i] = f.Of.eachFile(item, index(at, i), each)
			}
		}
	}
	return value
}

// CheckFiles names what is the id of a file and nothing else: nobody has completed
// it, since there is no such upload.
func (e *Entity) CheckFiles(values map[string]any) (violations Violations) {
	e.EachFile(values, func(at string, value any) any {
		if v, _ := value.(map[string]any); v != nil && !isWhole(v) {
			violations = append(violations, Violation{
				Field: at, Rule: "file",
				Message:  fmt.Sprintf("must be an upload of your own, from the last day; there is none with the id %v. Send the file to POST /files again", v["id"]),
				Unquoted: "must be an upload of your own, from the last day. Send the file to POST /files again",
			})
		}
		return value
	})
	return violations
}

// FilePaths are the storage paths of the fields of an entity or role in which files are:
// those at which rights are given.
func (e *Entity) FilePaths() (paths []string) {
	for _, f := range e.Fields {
		if !f.System && f.HasFiles() {
			paths = append(paths, f.StoragePath())
		}
	}
	return paths
}
