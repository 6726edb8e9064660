package sdk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// WebPage is a page of the plugin in a browser. It is made by NewWebPage. Unless Needs or ForEverybody says
// who sees it, administrators do.
type WebPage struct {
	name, title string
	files       fs.FS
	needs       []string
	open        bool
}

// NewWebPage is what people see at /pages/PLUGIN/NAME: the index.html of these files, in a
// frame. It lies at their root, or in their one folder, as with //go:embed. Scripts and
// styles are files too: the page runs none that stand within HTML. It asks for the
// plugin's operations, and for nothing else, with the script /pages/xrm.js.
func NewWebPage(name, title string, files fs.FS) WebPage {
	return WebPage{name: name, title: title, files: files}
}

// Needs says what a user must be allowed to do to see the page, all of it: an entity and
// one of read, create, update, delete, grant and withdraw.
func (p WebPage) Needs(rights ...string) WebPage {
	p.needs = append(slices.Clone(p.needs), rights...)
	return p
}

// ForEverybody lets every user see the page.
func (p WebPage) ForEverybody() WebPage {
	p.open = true
	return p
}

// pagesPath is where the host asks for files of pages.
const pagesPath = "/.pages/"

const indexFile = "index.html"

// root is where index.html lies.
func (p WebPage) root() (fs.FS, error) {
	if p.files == nil {
		return nil, fmt.Errorf("page %s has no files", p.name)
	}
	root := p.files
	if entries, err := fs.ReadDir(root, "."); err == nil && len(entries) == 1 && entries[0].IsDir() {
		if root, err = fs.Sub(root, entries[0].Name()); err != nil {
			return nil, fmt.Errorf("page %s: %w", p.name, err)
		}
	}
	if _, err := fs.Stat(root, indexFile); err != nil {
		return nil, fmt.Errorf("page %s needs an index.html: %w", p.name, err)
	}
	return root, nil
}

// digest is over the names and the contents of all files.
func (p WebPage) digest() (string, error) {
	root, err := p.root()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		fmt.Fprintf(sum, "%d %s %d ", len(name), name, len(content))
		sum.Write(content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("page %s cannot be read: %w", p.name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

func pages(t *typer, all []WebPage) []*pluginpb.Page {
	var described []*pluginpb.Page
	seen := map[string]bool{}
	for _, p := range all {
		switch {
		case !naming.API.MatchString(p.name):
			t.mistake("%q cannot be the name of a page; use camelCase", p.name)
			continue
		case seen[p.name]:
			t.mistake("page %s stands in Pages twice", p.name)
			continue
		case p.title == "":
			t.mistake("page %s has no title", p.name)
		}
		seen[p.name] = true
		rights(t, "page "+p.name, p.open, p.needs)
		digest, err := p.digest()
		if err != nil {
			t.mistake("%w", err)
		}
		described = append(described, &pluginpb.Page{Name: p.name, Title: p.title, Needs: p.needs, ForEverybody: p.open, Digest: digest})
	}
	return described
}

// servePage hands out one file. A name that leads out of the folder is none of its files.
func (s *server) servePage(w http.ResponseWriter, path string) {
	name, file, _ := strings.Cut(strings.TrimPrefix(path, pagesPath), "/")
	for _, p := range s.plugin.Pages {
		if p.name != name {
			continue
		}
		root, err := p.root()
		if err != nil {
			break
		}
		content, err := fs.ReadFile(root, file)
		if err != nil {
			break
		}
		_, _ = w.Write(content) // the host that is gone needs none
		return
	}
	http.Error(w, "There is no such file.", http.StatusNotFound)
}
