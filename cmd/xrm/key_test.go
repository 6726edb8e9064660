package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAKeyIsListedAndRevoked(t *testing.T) {
	data := t.TempDir()
	environ := []string{"XRM_DATA=" + data}
	status, secret, errors := command(t, environ, "key", "create", "--role", "reader", "--name", "Web shop")
	if status != 0 || !strings.HasPrefix(secret, "xrm_") {
		t.Fatalf("create: status %d, %q, %s", status, secret, errors)
	}
	_, out, _ := command(t, environ, "key", "list", "--json")
	var keys []listedKey
	if err := json.Unmarshal([]byte(out), &keys); err != nil || len(keys) != 1 || keys[0].Name != "Web shop" {
		t.Fatalf("list: %s (%v)", out, err)
	}
	if strings.Contains(out, strings.TrimSpace(secret)) {
		t.Errorf("the list shows the secret: %s", out)
	}
	if _, table, _ := command(t, environ, "key", "list"); !strings.Contains(table, keys[0].ID+"  Web shop  reader") {
		t.Errorf("list: %s", table)
	}
	if status, out, errors := command(t, environ, "key", "revoke", keys[0].ID); status != 0 || out != "The key "+keys[0].ID+" is revoked.\n" {
		t.Errorf("revoke: status %d, %s%s", status, out, errors)
	}
	if status, _, errors := command(t, environ, "key", "revoke", keys[0].ID); status != 1 || errors != "there is no key with the id "+keys[0].ID+"; xrm key list shows them\n" {
		t.Errorf("revoke again: status %d, %s", status, errors)
	}
}

func TestAKeyIsNotMadeForWhatDoesNotExist(t *testing.T) {
	environ := []string{"XRM_DATA=" + t.TempDir()}
	tests := map[string]struct {
		args []string
		want string
	}{
		"a role":  {[]string{"--role", "sales"}, "there is no role \"sales\"; there are admin, monitor, reader, and those in the folder that --roles (XRM_ROLES) names\n"},
		"a party": {[]string{"--role", "reader", "--party", "nobody"}, "The key was not made: some arguments need attention. party must exist: there is no party with the id nobody\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, _, errors := command(t, environ, append([]string{"key", "create"}, tt.args...)...)
			if status != 1 || errors != tt.want {
				t.Errorf("status %d: %q, want %q", status, errors, tt.want)
			}
		})
	}
	if _, out, _ := command(t, environ, "key", "list", "--json"); out != "[]\n" {
		t.Errorf("keys were made all the same: %s", out)
	}
}

// A key of another role that was made first must not leave a server without an
// administrator.
func TestTheAdministratorsKeyIsMadeWhateverOtherKeysThereAre(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if status, _, errors := command(t, []string{"XRM_DATA=" + data}, "key", "create", "--role", "reader"); status != 0 {
		t.Fatal(errors)
	}
	r := start(t, "--data", data)
	key, err := os.ReadFile(filepath.Join(data, "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/graphql?query={plugins{name}}", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the administrator's key is answered with %s", response.Status)
	}
}
