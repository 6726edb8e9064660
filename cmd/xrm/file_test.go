package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// contracts is a folder with the definition that the README of files shows.
func contracts(t *testing.T) (definitions, text string) {
	t.Helper()
	text = readme(t, "core/file/README.md")
	definition, _, _ := block(t, text, "yaml")
	definitions = t.TempDir()
	write(t, filepath.Join(definitions, "contract.yaml"), definition)
	return definitions, text
}

// filled is an answer as a document shows it, with what differs each time as it may be.
func filled(shown string) *regexp.Regexp {
	shown = regexp.QuoteMeta(strings.TrimSpace(shown))
	shown = strings.ReplaceAll(shown, "0190…", "([0-9a-f-]{36})")
	return regexp.MustCompile("^" + strings.ReplaceAll(shown, "9f86…", "[0-9a-f]{64}") + "$")
}

func TestFilesAreSentReadAndBackedUpAsTheirReadmeSays(t *testing.T) {
	t.Parallel()
	definitions, text := contracts(t)
	commands := regexp.MustCompile("(?s)```console\n\\$ (curl [^\n]*)\n(.*?)```").FindAllStringSubmatch(text, -1)
	mutation, _, _ := block(t, text, "graphql")
	if len(commands) != 2 || strings.Count(mutation, "0190…") != 1 || strings.Count(commands[1][1], "0190…") != 2 {
		t.Fatal("the README of files does not show an upload, a mutation with its id, and a download")
	}
	content := append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte{0, 1, 2, 255}, 12_051)[:48_211-9]...)
	stores(t, func(t *testing.T, flags ...string) {
		data := t.TempDir()
		p := spawn(t, data, nil, append(flags, "--entities", definitions)...).ready()
		key, err := readKey(Config{Data: data}, nil)
		if err != nil {
			t.Fatal(err)
		}
		// curl is one of the commands, with the address of this server.
		curl := func(line string) (out, dir string) {
			t.Helper()
			dir = t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "contract.pdf"), content, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(line, "http://127.0.0.1:8080", p.url))
			cmd.Dir = dir
			if cmd.Env = append(os.Environ(), "XRM_KEY="+key); strings.Contains(line, "-OJ") {
				cmd.Dir = t.TempDir() // where no file has the name yet
			}
			printed, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return strings.TrimSpace(string(printed)), cmd.Dir
		}
		said, _ := curl(commands[0][1])
		id := filled(commands[0][2]).FindStringSubmatch(said)
		if id == nil {
			t.Fatalf("the answer to the upload is %s; the README shows %s", said, commands[0][2])
		}
		var made struct {
			CreateContract struct {
				Contract struct {
					ID   string
					Scan struct{ Name, MediaType, SHA256, URL string }
				}
			}
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(json.Unmarshal([]byte(p.must(strings.ReplaceAll(mutation, "0190…", id[1]), nil)), &made))
		contract := made.CreateContract.Contract
		if want := "/files/contract/" + contract.ID + "/" + id[1]; contract.Scan.URL != want || contract.Scan.Name != "contract.pdf" || contract.Scan.MediaType != "application/pdf" {
			t.Errorf("the record has %+v; want it at %s", contract.Scan, want)
		}
		download := strings.Replace(strings.Replace(commands[1][1], "0190…", contract.ID, 1), "0190…", id[1], 1)
		hasContent := func(when string) {
			t.Helper()
			_, dir := curl(download)
			if got, err := os.ReadFile(filepath.Join(dir, "contract.pdf")); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s contract.pdf has %d bytes, or others, %v; want %d", when, len(got), err, len(content))
			}
		}
		hasContent("read")

		file := filepath.Join(t.TempDir(), "one.xrm")
		succeeds(t, nil, append([]string{"backup", file, "--data", data}, flags...)...)
		p.stop()
		// Into the other store.
		data = t.TempDir()
		if len(flags) > 0 {
			flags = nil
		} else {
			flags = []string{"--store", mongoDatabase(t)}
		}
		succeeds(t, nil, append([]string{"restore", file, "--data", data, "--entities", definitions}, flags...)...)
		p = spawn(t, data, nil, append(flags, "--entities", definitions)...).ready()
		key, err = readKey(Config{Data: data}, nil)
		must(err)
		hasContent("restored")
		p.stop()
	})
}

// A server that is killed in the middle of an upload has no such file, then and after the
// next start, and goes on to take others.
func TestAServerThatIsKilledInTheMiddleOfAnUploadHasNoSuchFile(t *testing.T) {
	t.Parallel()
	definitions, _ := contracts(t)
	stores(t, func(t *testing.T, flags ...string) {
		data := t.TempDir()
		flags = append(flags, "--entities", definitions)
		p := spawn(t, data, nil, flags...).ready()
		key, err := readKey(Config{Data: data}, nil)
		if err != nil {
			t.Fatal(err)
		}
		upload := func(body io.Reader) (id string, err error) {
			request, err := http.NewRequestWithContext(t.Context(), "POST", p.url+"/files?name=a.pdf", body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+key)
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return "", err
			}
			defer answer.Body.Close()
			var said struct{ ID string }
			return said.ID, json.NewDecoder(answer.Body).Decode(&said)
		}
		body, client := io.Pipe()
		go func() {
			_, _ = client.Write(make([]byte, 16<<20)) // more than lies between two processes
			p.kill()
			_ = client.Close()
		}()
		if id, err := upload(body); err == nil {
			t.Fatalf("the upload is answered with %s", id)
		}
		p = spawn(t, data, nil, flags...).ready()
		if len(flags) == 2 { // SQLite
			err := filepath.WalkDir(filepath.Join(data, "xrm.files"), func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() && filepath.Base(filepath.Dir(path)) != "incoming" {
					t.Errorf("there is a file %s", path)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		id, err := upload(strings.NewReader("%PDF-1.4"))
		if err != nil {
			t.Fatal(err)
		}
		p.must(`mutation ($id: ID!) { createContract(data: {scan: $id}) { contract { scan { size } } } }`, map[string]any{"id": id})
	})
}
