package schema

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// Source is one file of entity definitions and who brought it.
type Source struct {
	Layer   string // "shipped", "plugin complaints", "site": in messages
	File    string // as it should stand in messages
	Data    []byte
	Version int  `json:",omitempty"` // the form that the records have which are stored; counts from 1, and 0 is 1 as well
	Gone    bool // who brought it is gone: it describes what is stored, and binds no record of other layers
}

// ReadSources reads every *.yaml and *.yml file below a directory, in the
// order of their names. prefix goes before the file's name in messages. What is
// no file, such as a pipe, is an error: nobody knows when it ends.
func ReadSources(layer, prefix string, dir fs.FS) ([]Source, error) {
	var sources []Source
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
			return nil
		}
		info, err := fs.Stat(dir, name) // of what a link leads to
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file but %s; take it away, or call it by another ending", path.Join(prefix, name), kindOf(info.Mode()))
		}
		data, err := fs.ReadFile(dir, name)
		sources = append(sources, Source{Layer: layer, File: path.Join(prefix, name), Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the entity definitions in %s: %w", prefix, err)
	}
	return sources, nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode.IsDir():
		return "a folder"
	}
	return "something else"
}

// Load reads entity definitions, in layers from the first to the last, into a
// model. Each file holds one entity, role or extension. It returns every
// mistake of every file at once, as strictyaml.Problems.
func Load(sources ...Source) (*Model, error) {
	l := &loader{model: &Model{byName: map[string]*Entity{}}}
	var extensions []*Entity
	for _, s := range sources {
		e := l.decode(s)
		switch {
		case e == nil:
		case e.Extends != "":
			extensions = append(extensions, e)
		default:
			l.declare(e)
		}
	}
	for _, x := range extensions {
		l.extend(x)
	}
	l.bindRoles()
	l.lint()
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	l.model.compose()
	l.lintReferences()
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	l.model.relate()
	return l.model, nil
}

type loader struct {
	model    *Model
	problems strictyaml.Problems
	unread   bool // a file could not be read so far as to say what it describes
}

func (l *loader) add(file string, line int, format string, args ...any) {
	l.problems = append(l.problems, strictyaml.Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// missing reports a name that nothing has, unless it may be what a file that
// could not be read defines.
func (l *loader) missing(file string, line int, what, name string) {
	near := strictyaml.Suggest(name, l.names())
	if near == "" && l.unread {
		return
	}
	problem := strictyaml.Problem{File: file, Line: line, Message: fmt.Sprintf("%s %q%s", what, name, near)}
	if near == "" {
		problem.Missing = name
	}
	l.problems = append(l.problems, problem)
}

// decode returns nil when the file does not even say what it describes.
func (l *loader) decode(s Source) *Entity {
	e := &Entity{Layer: s.Layer, File: s.File, Version: s.Version, gone: s.Gone}
	problems := strictyaml.Decode(s.File, s.Data, e)
	l.problems = append(l.problems, problems...)
	said := 0
	for _, name := range []string{e.Name, e.RoleName, e.Extends} {
		if name != "" {
			said++
		}
	}
	if said != 1 {
		if l.unread = true; len(problems) == 0 {
			l.add(s.File, e.Line, "a file describes one thing: start with entity: NAME, role: NAME or extend: NAME")
		}
		return nil
	}
	e.broken = len(problems) > 0
	setSource(e.Fields, s)
	if e.Extends != "" {
		return e
	}
	if e.RoleName != "" {
		e.Name = e.RoleName
	}
	if e.Plural == "" {
		e.Plural = e.Name + "s"
	}
	return e
}

// setSource notes where fields were read, because an extension brings them into
// an entity of another file.
func setSource(fields Fields, s Source) {
	for _, f := range fields {
		f.file, f.layer, f.gone = s.File, s.Layer, s.Gone
		setSource(f.Fields, s)
		if f.Of != nil {
			setSource(Fields{f.Of}, s)
		}
	}
}

func (l *loader) declare(e *Entity) {
	first := l.model.byName[e.Name]
	switch {
	case first != nil && first.gone:
		l.add(e.File, e.Line, "%q %s", e.Name, left(first.Layer))
		return
	case first != nil && e.gone:
		l.add(first.File, first.Line, "%q %s", e.Name, left(e.Layer))
		return
	case first != nil:
		l.add(e.File, e.Line, "%q is already defined in %s:%d; to add fields to it write extend: %s", e.Name, first.File, first.Line, e.Name)
		return
	}
	l.model.byName[e.Name] = e
	l.model.entities = append(l.model.entities, e)
}

// left says of a name that a layer which is gone still has it, and what frees it.
func left(layer string) string {
	return fmt.Sprintf("was left by the %s, which is disabled or removed; choose another name, or free this one with xrm plugin forget %[2]s, once it is removed", layer, strings.TrimPrefix(layer, "plugin "))
}

// extend adds fields and indexes to what an earlier layer defined. It adds
// and never contradicts.
func (l *loader) extend(x *Entity) {
	e := l.model.byName[x.Extends]
	if e == nil {
		l.missing(x.File, x.lineOf("extend"), "extend: there is no entity or role", x.Extends)
		return
	}
	for _, key := range x.beyondExtension() {
		l.add(x.File, x.lineOf(key), "an extension adds fields and indexes; it cannot change %s of %q", key, x.Extends)
	}
	e.broken = e.broken || x.broken
	if x.gone && x.Layer != e.Layer {
		x.Fields.release(x.Layer)
	}
	for _, f := range x.Fields {
		own := findField(e.Fields, f.Name)
		switch {
		case own != nil && own.released:
			l.add(x.File, f.Line, "field %q %s", f.Name, left(own.layer))
			continue
		case own != nil && f.released:
			l.add(own.file, own.Line, "field %q %s", f.Name, left(f.layer))
			continue
		case own != nil:
			l.add(x.File, f.Line, "field %q is already defined in %s:%d; a later layer cannot redefine it, so choose another name", f.Name, own.file, own.Line)
			continue
		}
		e.Fields = append(e.Fields, f)
	}
	e.Indexes, e.indexAt = append(e.Indexes, x.Indexes...), append(e.indexAt, x.indexAt...)
}

// beyondExtension lists the keys of an extension that only a definition has.
func (e *Entity) beyondExtension() []string {
	var keys []string
	for _, k := range []struct {
		key string
		set bool
	}{
		{"of", e.Of != ""}, {"plural", e.Plural != ""}, {"labels", len(e.Labels) > 0},
		{"description", len(e.Description) > 0}, {"title", e.Title != ""}, {"filterable", e.Filterable != ""},
	} {
		if k.set {
			keys = append(keys, k.key)
		}
	}
	return keys
}

func (l *loader) bindRoles() {
	for _, e := range l.model.entities {
		if e.RoleName == "" {
			if e.Of != "" {
				l.add(e.File, e.lineOf("of"), "of: is for roles; %q is an entity of its own", e.Name)
			}
			continue
		}
		if e.Filterable != "" {
			l.add(e.File, e.lineOf("filterable"), "filterable is for entities that store records; set it on %q", e.Of)
		}
		base := l.model.byName[e.Of]
		switch {
		case e.Of == "":
			l.add(e.File, e.Line, "role %q needs of: the entity whose records hold it, for example of: party", e.Name)
		case base == nil:
			l.missing(e.File, e.lineOf("of"), "of: there is no entity", e.Of)
		case base.RoleName != "":
			l.add(e.File, e.lineOf("of"), "of: %q is a role itself; name the entity", e.Of)
		default:
			e.Base = base
			if e.gone && e.Layer != base.Layer {
				e.Fields.release(e.Layer)
			}
		}
	}
}

func (l *loader) names() []string {
	names := make([]string, 0, len(l.model.entities))
	for _, e := range l.model.entities {
		names = append(names, e.Name)
	}
	return names
}

// ErrNoEntity is wrapped by the error of Model.Find.
var ErrNoEntity = errors.New("no such entity")

// Find is Entity with an error that suggests the nearest name.
func (m *Model) Find(name string) (*Entity, error) {
	if e := m.Entity(name); e != nil {
		return e, nil
	}
	var names []string
	for _, e := range m.entities {
		names = append(names, e.Name)
	}
	return nil, fmt.Errorf("%w: %q%s", ErrNoEntity, name, strings.TrimSuffix(strictyaml.Suggest(name, names), "?"))
}
