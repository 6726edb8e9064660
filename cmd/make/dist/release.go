package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// release is what is to be made.
type release struct {
	root      string // a folder in the repository
	to        string // folder for the archives, below root
	platforms []platform
	out       io.Writer
}

// papers are what a release has from the root of the repository.
var papers = []string{"LICENSE", "NOTICE", "README.md", "CHANGELOG.md"}

func (r release) make(ctx context.Context) (err error) {
	temporary, err := os.MkdirTemp("", "xrm-dist-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	source := filepath.Join(temporary, "source")
	committed, err := r.clone(ctx, source)
	if err != nil {
		return err
	}
	// Plugins are built by the program, as make build does it.
	builder := filepath.Join(temporary, "xrm")
	if err := r.run(ctx, source, nil, "go", "build", "-trimpath", "-buildvcs=true", "-o", builder, "./cmd/xrm"); err != nil {
		return err
	}
	version, err := versionOf(builder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(r.root, r.to), 0o755); err != nil {
		return err
	}
	earlier, err := filepath.Glob(filepath.Join(r.root, r.to, "xrm-*.tar.gz"))
	if err != nil {
		return err
	}
	for _, archive := range earlier { // or they would be published with these
		if err := os.Remove(archive); err != nil {
			return err
		}
	}
	var sums strings.Builder
	for _, p := range r.platforms {
		name := fmt.Sprintf("xrm-%s-%s-%s", version, p.os, p.arch)
		folder := filepath.Join(temporary, name)
		if err := r.build(ctx, p, source, builder, folder); err != nil {
			return fmt.Errorf("%s/%s: %w", p.os, p.arch, err)
		}
		if err := r.check(ctx, p, filepath.Join(folder, "bin", "xrm"), version); err != nil {
			return err
		}
		sum, err := pack(folder, filepath.Join(r.root, r.to, name+".tar.gz"), committed)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s.tar.gz\n", sum, name)
	}
	file := filepath.Join(r.root, r.to, "SHA256SUMS")
	if err := os.WriteFile(file, []byte(sums.String()), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "xrm %s is in %s:\n%s", version, r.to, sums.String())
	return err
}

// clone copies what is committed, and says when that was.
func (r release) clone(ctx context.Context, to string) (committed time.Time, err error) {
	commit, err := r.ask(ctx, r.root, "git", "rev-parse", "HEAD")
	if err != nil {
		return committed, err
	}
	switch changed, err := r.ask(ctx, r.root, "git", "status", "--porcelain"); {
	case err != nil:
		return committed, err
	case changed != "":
		fmt.Fprintf(r.out, "These changes are not committed, and not in the release:\n%s\n", changed)
	}
	if err := r.run(ctx, r.root, nil, "git", "clone", "--quiet", "--no-checkout", ".", to); err != nil {
		return committed, err
	}
	if err := r.run(ctx, to, nil, "git", "checkout", "--quiet", "--detach", commit); err != nil {
		return committed, err
	}
	seconds, err := r.ask(ctx, to, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return committed, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(unix, 0).UTC(), err
}

// build makes the folder that becomes the archive. It is laid out so that
// bin/xrm finds its plugins when it is started there.
func (r release) build(ctx context.Context, p platform, source, builder, folder string) error {
	environ := []string{"GOOS=" + p.os, "GOARCH=" + p.arch, "CGO_ENABLED=0", "GOFLAGS="}
	err := r.run(ctx, source, environ, "go", "build", "-trimpath", "-buildvcs=true", "-o", filepath.Join(folder, "bin", "xrm"), "./cmd/xrm")
	if err != nil {
		return err
	}
	manifests, err := filepath.Glob(filepath.Join(source, "plugins", "*", "plugin.yaml"))
	if err != nil {
		return err
	}
	for _, manifest := range manifests {
		err := r.run(ctx, source, environ, builder, "plugin", "build", "--to", filepath.Join(folder, "bin", "plugins"), filepath.Dir(manifest))
		if err != nil {
			return err
		}
	}
	for _, paper := range papers {
		text, err := os.ReadFile(filepath.Join(source, paper))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, paper), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// check wants the program to say the version that the archive is named for.
func (r release) check(ctx context.Context, p platform, program, version string) error {
	if is, err := versionOf(program); err != nil || is != version {
		return errors.Join(err, fmt.Errorf("the program for %s/%s is built as %s, and not as %s", p.os, p.arch, is, version))
	}
	if p.os != runtime.GOOS || p.arch != runtime.GOARCH {
		return nil
	}
	said, err := r.ask(ctx, filepath.Dir(program), program, "version")
	if err != nil || !strings.HasPrefix(said, "xrm "+version+" ") || strings.Contains(said, "local changes") {
		return errors.Join(err, fmt.Errorf("the program says that it is %q, and not xrm %s", said, version))
	}
	return nil
}

// versionOf reads the version that go build has written into a program.
func versionOf(program string) (string, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "", err
	}
	if version := info.Main.Version; strings.HasPrefix(version, "v") {
		return version, nil
	}
	return "", fmt.Errorf("go has not found a version: it calls the program %q", info.Main.Version)
}

// ask returns what a command prints.
func (r release) ask(ctx context.Context, dir string, command ...string) (string, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stderr = dir, r.out
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// run says what it does.
func (r release) run(ctx context.Context, dir string, environ []string, command ...string) error {
	fmt.Fprintln(r.out, strings.Join(append(environ, command...), " "))
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), environ...), r.out, r.out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", command[0], err)
	}
	return nil
}
