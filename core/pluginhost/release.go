package pluginhost

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/connection"
)

// release is one verified version of a plugin: a copy that nobody changes any
// more, and the terms that it runs under.
type release struct {
	manifest Manifest // its Dir is the copy
	program  program
	digest   string
	restart  string // as in the approval: another value asks for another process
	terms    Terms
	allowed  time.Time // when it was approved; the zero time when nobody knows
}

// sameProcess says whether the process of one release can go on as the other.
func (r *release) sameProcess(other *release) bool {
	return r.digest == other.digest && r.restart == other.restart &&
		r.terms.Limits.Memory == other.terms.Limits.Memory && slices.Equal(r.terms.Needs.Lines(), other.terms.Needs.Lines())
}

// takesFrom says whether the same files are to run with fewer rights.
func (r *release) takesFrom(other *release) bool {
	return r.digest == other.digest && len(without(other.terms.Needs.Lines(), r.terms.Needs.Lines())) > 0
}

// same says whether nothing at all has changed.
func (r *release) same(other *release) bool {
	return r.sameProcess(other) && reflect.DeepEqual(r.terms, other.terms)
}

// alike says whether a process that goes on from one release to the other runs
// under the same terms, whatever lines of whatever files they stand on.
func (r *release) alike(other *release) bool {
	mine, err := r.terms.Config.values()
	others, otherErr := other.terms.Config.values()
	return err == nil && otherErr == nil && reflect.DeepEqual(mine, others) && maps.Equal(r.terms.Connections, other.terms.Connections) &&
		r.terms.Timeouts == other.terms.Timeouts && r.terms.Limits == other.terms.Limits && maps.Equal(r.terms.onFailure, other.terms.onFailure)
}

// The reasons why a plugin must not run that are no mistakes.
var (
	errRemoved  = errors.New("it was removed; xrm plugin approve brings it back")
	errDisabled = errors.New("it is disabled; xrm plugin enable lets it run again")
)

// errMissing is wrapped when a plugin that is in force has no folder here.
var errMissing = errors.New("its folder is not here")

// errUnapproved is wrapped when there is no approval at all, or no longer.
var errUnapproved = errors.New("not approved")

// folder is what was last read of a plugin's folder. Reading all of it takes
// time, so it is read again only when it has changed.
type folder struct {
	print    string
	manifest Manifest
	digest   string
	err      error
}

func (f *folder) read(dir string) {
	print := fingerprint(dir)
	if print == f.print && (print == "" || f.digest != "") {
		return
	}
	*f = folder{print: print}
	if print == "" {
		return
	}
	if f.manifest, f.err = ReadManifest(dir, filepath.Base(dir)); f.err != nil {
		return
	}
	if f.digest, f.err = digest(dir); f.err != nil {
		f.err = fmt.Errorf("%w: read %s: %w", errInvalid, dir, f.err)
	}
}

// wanted is the release that should run now. note says why it is not the one in
// the folder; with a nil release, why there is none.
func (s *supervisor) wanted() (r *release, note error) {
	looked := time.Now().UTC()
	s.folder.read(s.dir())
	approvals, err := Approvals{s.plugins}.read()
	if err != nil {
		return nil, err
	}
	approval := approvals[s.name]
	if err := s.ended(approval, looked); err != nil {
		return nil, err
	}
	settings, err := readSettings(s.plugins, s.name)
	if err != nil {
		return nil, s.flawed(settings.Config, err)
	}
	m, digest, note := s.folder.manifest, s.folder.digest, s.folder.err
	if s.folder.print == "" {
		note = s.missing()
	}
	granted := m.Needs
	if s.config.Trust != TrustAny {
		if granted = approval.Needs; note == nil {
			note = s.approved(approval)
		}
		if note != nil { // what was approved may still be there
			if m, digest = s.approvedCopy(approval); digest == "" {
				return nil, note
			}
		}
	} else if note != nil {
		return nil, note
	}
	if err := (connection.Allowed{Plugin: s.name, Granted: m.Needs.Connections, Site: settings.Connections}).Check(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errMisconfigured, settings.Config.File, err)
	}
	r = &release{manifest: m, digest: digest, restart: approval.Restart, terms: terms(m, settings, granted, s.config), allowed: approval.allowed()}
	r.terms.try = approval.Try && approval.Folder == digest
	if err := m.runsWith(s.config.Version); err != nil {
		return nil, err
	}
	if r.program, err = m.program(); err != nil {
		return nil, err
	}
	if s.verified != digest {
		if err := s.installed.add(s.name, digest, s.dir()); err != nil {
			s.folder = folder{} // to be read again
			return nil, err
		}
		s.verified = digest
	}
	r.manifest.Dir = s.installed.path(s.name, digest)
	return r, note
}

// missing says what to do about a folder that is not here. A plugin ends by a
// decision, and not by that.
func (s *supervisor) missing() error {
	if known := s.register.find(s.name); known.Force.Version != "" {
		return fmt.Errorf("%s %s is in force, and %w: put it into %s, or end it with: xrm plugin remove %s", s.name, known.Force.Version, errMissing, s.plugins, s.name)
	}
	return errRemoved // it was never in force, so nothing of it is left
}

// flawed adds to what is wrong beside the config of a settings file what is wrong
// with the config, as far as it is known what the plugin wants there.
func (s *supervisor) flawed(config Section, err error) error {
	var beside strictyaml.Problems
	known := s.board.find(s.name)
	if known.contribution == nil || config.Node == nil || !errors.As(err, &beside) {
		return err
	}
	_, err = config.check(known.configSchema, beside...)
	return err
}

// approvedCopy returns what was approved and has been copied before; no digest
// when there is nothing of that kind.
func (s *supervisor) approvedCopy(approval Approval) (Manifest, string) {
	if approval.Folder == "" || s.verified != approval.Folder && !s.installed.has(s.name, approval.Folder) {
		return Manifest{}, ""
	}
	m, err := ReadManifest(s.installed.path(s.name, approval.Folder), s.name)
	if err != nil {
		return Manifest{}, ""
	}
	s.verified = approval.Folder
	return m, approval.Folder
}

// approved says what keeps the folder from being what an admin has approved.
func (s *supervisor) approved(approval Approval) error {
	m := s.folder.manifest
	command := "xrm plugin approve " + s.name
	switch {
	case approval.Folder == s.folder.digest:
		return nil
	case approval.Folder == "":
		return fmt.Errorf("%w: %s %s is %w; look at what it asks for, and let it run, with: %s", errInvalid, s.name, m.Version, errUnapproved, command)
	case approval.Version != m.Version:
		return fmt.Errorf("%w: %s %s waits for approval, in place of %s; look at what it asks for, and let it run, with: %s", errInvalid, s.name, m.Version, approval.Version, command)
	}
	file, expected, actual := s.dir(), approval.Folder, s.folder.digest
	if p, err := m.program(); err == nil {
		path := filepath.Join(s.dir(), p.file)
		if sum, err := fileDigest(path); err == nil && sum != approval.Program {
			file, expected, actual = path, approval.Program, sum
		}
	}
	return fmt.Errorf("%w: %s is not what was approved: expected %s, found %s; if you know why, let it run with: %s", errInvalid,
		file, short(expected), short(actual), command)
}
