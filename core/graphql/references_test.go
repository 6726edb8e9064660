package graphql_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

func site(file, data string) schema.Source {
	return schema.Source{Layer: "site", File: file, Data: []byte(data)}
}

// newPlaylists has 450 tracks, id-000001 and so on, and a playlist with all of
// them, twice the first, and one with three.
func newPlaylists(t *testing.T) *server {
	t.Helper()
	s := newServer(t, []schema.Source{
		site("track.yaml", "entity: track\nfields:\n  name: {type: text}\n  secret: {type: boolean, index: true}\n"),
		site("playlist.yaml", "entity: playlist\nfields:\n  name: {type: text}\n  tracks: {type: list, of: {type: reference, to: track, inverse: playlists}}\n"),
	}, []schema.Source{
		site("deaf.role.yaml", "role: deaf\nplaylist:\n  read: true\n  fields: {name: read}\n"),
		site("listener.role.yaml", "role: listener\ntrack:\n  read: {secret: {isNull: true}}\nplaylist:\n  read: true\n"),
	})
	var tracks, ids []string
	for i := range 450 {
		secret := ""
		if i >= 10 && i < 440 {
			secret = ", secret: true"
		}
		tracks = append(tracks, fmt.Sprintf("{name: \"T%03d\"%s}", i+1, secret))
		ids = append(ids, fmt.Sprintf("%q", trackID(i+1)))
	}
	for _, mutation := range []string{
		`createTracks(data: [` + strings.Join(tracks, ",") + `]) { outcome }`,
		`createPlaylists(data: [{name: "all", tracks: [` + strings.Join(append(ids, ids[0]), ",") + `]}, {name: "few", tracks: [` + strings.Join(ids[:3], ",") + `]}, {name: "none"}]) { outcome }`,
	} {
		if answer := s.ask("mutation { "+mutation+" }", "", ""); strings.Contains(answer, "errors") {
			t.Fatal(answer)
		}
	}
	return s
}

func trackID(n int) string { return fmt.Sprintf("id-%06d", n) }

type listAnswer struct {
	Errors     []struct{ Message string }
	Extensions struct {
		Cost struct{ Requested int }
		Cut  [][]any
	}
	Data struct {
		Playlists struct {
			Nodes []struct {
				Tracks []struct{ Name string }
				Page   *struct {
					Nodes    []struct{ Name string }
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
				}
			}
		}
	}
}

func (s *server) list(query, role string) (answer listAnswer) {
	s.Helper()
	ctx := graphql.WithActor(s.Context(), core.Actor{ID: role, Roles: []string{role}})
	raw, err := s.engine.Execute(ctx, execution.Request{Query: query}, nil).MarshalJSON()
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil {
		s.Fatal(err)
	}
	return answer
}

func TestAListOfReferencesHasAPage(t *testing.T) {
	t.Parallel()
	s := newPlaylists(t)
	tests := map[string]struct {
		tracks   string
		want     []int
		cut      [][]any
		problems string
	}{
		"the default, which says that there is more": {"tracks", []int{20, 3, 0}, [][]any{{"playlists", "nodes", 0.0, "tracks"}}, ""},
		"as many as asked for":                       {"tracks(first: 30)", []int{30, 3, 0}, nil, ""},
		"none":                                       {"tracks(first: 0)", []int{0, 0, 0}, nil, ""},
		"more than there may be":                     {"tracks(first: 201)", []int{0, 0, 0}, nil, "The argument first must be between 0 and 200, not 201."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answer := s.list(`{ playlists { nodes { `+tt.tracks+` { name } } } }`, "admin")
			var got []int
			for _, p := range answer.Data.Playlists.Nodes {
				got = append(got, len(p.Tracks))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("tracks of each playlist (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.cut, answer.Extensions.Cut); diff != "" {
				t.Errorf("extensions.cut (-want +got):\n%s", diff)
			}
			problems := ""
			if len(answer.Errors) > 0 {
				problems = answer.Errors[0].Message
			}
			if problems != tt.problems {
				t.Errorf("errors: %q, want %q", problems, tt.problems)
			}
		})
	}
}

// Whoever may see twenty of 450 tracks gets them in full pages, and learns from
// no page that there are others.
func TestAPageOfReferencesIsFullOfWhatTheActorMaySee(t *testing.T) {
	t.Parallel()
	s := newPlaylists(t)
	for role, want := range map[string]int{"admin": 450, "listener": 20} {
		t.Run(role, func(t *testing.T) {
			var got []string
			after := ""
			for more := true; more; {
				answer := s.list(`{ playlists(first: 1) { nodes { page: tracksPage(first: 7`+after+`) { nodes { name } pageInfo { hasNextPage endCursor } } } } }`, role)
				if len(answer.Errors) > 0 {
					t.Fatal(answer.Errors)
				}
				page := answer.Data.Playlists.Nodes[0].Page
				for _, track := range page.Nodes {
					got = append(got, track.Name)
				}
				if more = page.PageInfo.HasNextPage; more && len(page.Nodes) != 7 {
					t.Errorf("a page that is not the last has %d tracks, want 7", len(page.Nodes))
				}
				after = fmt.Sprintf(", after: %q", page.PageInfo.EndCursor)
			}
			distinct := map[string]bool{}
			for _, name := range got {
				distinct[name] = true
			}
			if len(got) != want || len(distinct) != want || got[0] != "T001" || got[len(got)-1] != "T450" {
				t.Errorf("the pages have %d tracks from %s to %s, want %d from T001 to T450", len(got), got[0], got[len(got)-1], want)
			}
		})
	}
	gone := s.list(`{ playlists(first: 1) { nodes { page: tracksPage(after: "eyJvIjpbXSwidiI6WyJ4Il19") { nodes { name } } } } }`, "admin")
	if want := "The argument after is of a record that is not in the list any more; begin at the first page."; len(gone.Errors) == 0 || gone.Errors[0].Message != want {
		t.Errorf("errors: %v, want %q", gone.Errors, want)
	}
}

func TestTheFieldsOfAListAreSeenTogether(t *testing.T) {
	t.Parallel()
	s := newPlaylists(t)
	for _, field := range []string{"tracks { name }", "tracksPage { nodes { name } }"} {
		name, _, _ := strings.Cut(field, " ")
		answer := s.list(`{ playlists { nodes { `+field+` } } }`, "deaf")
		if want := `Cannot query field "` + name + `" on type "Playlist".`; len(answer.Errors) != 1 || !strings.HasPrefix(answer.Errors[0].Message, want) {
			t.Errorf("errors: %v, want %q", answer.Errors, want)
		}
	}
}

func TestAListOfReferencesCostsItsPages(t *testing.T) {
	t.Parallel()
	s := newPlaylists(t)
	tests := map[string]int{
		`{ playlists { nodes { name } } }`:                                              41,
		`{ playlists(first: 2) { nodes { tracks { name } } } }`:                         45,
		`{ playlists(first: 2) { nodes { tracks(first: 5) { name } } } }`:               15,
		`{ playlists(first: 2) { nodes { tracksPage(first: 5) { nodes { name } } } } }`: 25,
	}
	for query, want := range tests {
		if got := s.list(query, "admin").Extensions.Cost.Requested; got != want {
			t.Errorf("%s costs %d, want %d", query, got, want)
		}
	}
	nested := s.list(`{ playlists { nodes { tracks { playlists { nodes { tracks { name } } } } } } }`, "admin")
	want := "The request costs 176441; at most 100000 are allowed. Ask for smaller pages (first, last) or fewer fields."
	if len(nested.Errors) != 1 || nested.Errors[0].Message != want {
		t.Errorf("errors: %v, want %q", nested.Errors, want)
	}
}
