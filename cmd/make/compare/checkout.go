package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildBoth builds the program of a commit and that of the working tree into a
// folder. The commit is checked out beside the working tree, which stays as it
// is, and the checkout is gone when it returns.
func buildBoth(ctx context.Context, base, dir string) (programs versions[string], err error) {
	programs = versions[string]{filepath.Join(dir, "xrm-base"), filepath.Join(dir, "xrm-new")}
	root, err := output(ctx, ".", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return programs, err
	}
	commit, err := output(ctx, root, "git", "rev-parse", "--verify", "--quiet", base+"^{commit}")
	if err != nil {
		return programs, fmt.Errorf("there is no commit %s here: %w", base, err)
	}
	progress("building %s", base)
	defer done()
	tree := filepath.Join(dir, "base")
	defer func() { err = errors.Join(err, discard(root, tree)) }()
	if _, err := output(ctx, root, "git", "worktree", "add", "--detach", "--quiet", tree, commit); err != nil {
		return programs, err
	}
	if err := build(ctx, tree, programs.base); err != nil {
		return programs, err
	}
	progress("building the working tree")
	return programs, build(ctx, root, programs.new)
}

// discard removes a checkout, also one that was only half made, and does so
// after Ctrl-C as well.
func discard(root, tree string) error {
	if err := os.RemoveAll(tree); err != nil {
		return err
	}
	_, err := output(context.Background(), root, "git", "worktree", "prune")
	return err
}

func build(ctx context.Context, tree, program string) error {
	_, err := output(ctx, tree, "go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./cmd/xrm")
	return err
}

// output is what a command prints. Its error says what the command complains
// of.
func output(ctx context.Context, dir string, command ...string) (string, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}
