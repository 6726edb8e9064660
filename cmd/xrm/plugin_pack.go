package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/conformance"
	"github.com/spf13/cobra"
)

func (p *program) packCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "pack [DIR]",
		Short: "Build a plugin and pack what is installed on a server",
		Long: `Builds the plugin in DIR (here) and packs it into NAME-VERSION-OS-ARCH.tar.gz:
a folder NAME with all that a server needs. Unpack it in the server's plugin folder,
and approve it there.

A program whose Describe answers with another name or version than plugin.yaml has
is not packed: a server would refuse it. One that does not run here, because it is
built for another processor (GOOS and GOARCH), is packed all the same, and you are
told that it was not checked.

The same files make the same archive, byte for byte, whenever they are packed.`,
		Example: `  xrm plugin pack
  xrm plugin pack plugins/visit --to dist`,
		Args: atMostOne("one folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.pack(cmd.Context(), here(args), to) },
	}
	cmd.Flags().StringVar(&to, "to", ".", "folder for the archive")
	return cmd
}

func (p *program) pack(ctx context.Context, dir, to string) error {
	source, err := readPluginSource(dir)
	if err != nil {
		return err
	}
	if err := source.build(ctx, p.err); err != nil {
		return err
	}
	files, err := source.installed() // before the program runs, which may leave something behind
	if err != nil {
		return err
	}
	if err := p.checkProgram(ctx, source); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("make the folder for the archive: %w", err)
	}
	name := fmt.Sprintf("%s-%s-%s.tar.gz", source.program.Name, source.program.Version, platform())
	archive := filepath.Join(to, name)
	sum, err := writeArchive(archive, source.program.Name, files)
	if err != nil {
		return fmt.Errorf("pack the plugin: %w", err)
	}
	_, err = fmt.Fprintf(p.out, "%x  %s\n", sum, archive) // as sha256sum prints it
	return err
}

// platform is what is built for, as go build takes it from its environment.
func platform() string {
	return cmp.Or(os.Getenv("GOOS"), runtime.GOOS) + "-" + cmp.Or(os.Getenv("GOARCH"), runtime.GOARCH)
}

// checkProgram refuses a program that does not start, or is not what its manifest
// says. One for another processor is only told about.
func (p *program) checkProgram(ctx context.Context, source pluginSource) error {
	d, err := conformance.Describe(ctx, source.program)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		return source.program.Compare(d)
	case !errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("the program does not say what it is: %w; xrm plugin test says more", err)
	}
	fmt.Fprintf(p.err, "Whether the program is %s %s, as plugin.yaml says, was not checked, because it does not run here: %v\n"+
		"A server refuses it if its Describe answers with another name or version.\n", source.program.Name, source.program.Version, err)
	return nil
}

// writeArchive makes the file when all is well, and returns its SHA-256.
func writeArchive(archive, folder string, files []installedFile) (sum []byte, err error) {
	temporary, err := os.CreateTemp(filepath.Dir(archive), filepath.Base(archive)+".*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	hash := sha256.New()
	err = errors.Join(writeTar(io.MultiWriter(temporary, hash), folder, files), temporary.Chmod(0o644), temporary.Close())
	if err != nil {
		return nil, err
	}
	return hash.Sum(nil), os.Rename(temporary.Name(), archive)
}

// writeTar leaves out what differs between machines: times, owners, and modes
// beyond whether a file can be executed.
func writeTar(w io.Writer, folder string, files []installedFile) error {
	zipped := gzip.NewWriter(w)
	archive := tar.NewWriter(zipped)
	for _, file := range files {
		if err := addToArchive(archive, folder, file); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close())
}

func addToArchive(archive *tar.Writer, folder string, file installedFile) error {
	data, err := os.ReadFile(file.path)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: path.Join(folder, file.name), Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(0, 0)}
	if file.executable {
		header.Mode = 0o755
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = archive.Write(data)
	return err
}
