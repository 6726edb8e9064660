package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

const articleYAML = "entity: article\nfields: {code: {type: text, unique: true, index: true}, maker: {type: email, index: true}}\n"

// What a former version has stored is found as people write it today, soon after the
// first start of this one.
func TestAfterAnUpgradeOldFormsAreFound(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		c := defaultConfig()
		c.Data, c.Store = t.TempDir(), "sqlite"
		if len(flags) > 0 {
			c.Store = flags[1]
		}
		m, err := schema.Load(append(entities.Sources(), schema.Source{Layer: "site", File: "article.yaml", Data: []byte(articleYAML)})...)
		if err != nil {
			t.Fatal(err)
		}
		s, err := openStore(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		var changes []core.Change
		for i, code := range []string{"Ko\u0308rner", "Körner\u200b"} {
			r := &core.Record{Entity: "article", ID: fmt.Sprintf("0190b7f2-0000-7000-8000-00000000000%d", i), Version: 1, CreatedAt: time.Now(), UpdatedAt: time.Now()}
			r.Values = map[string]any{"code": code, "maker": fmt.Sprintf("Info%d@XN--mller-kva.de", i)}
			changes = append(changes, core.Change{Action: core.Created, At: time.Now(), After: r})
		}
		for _, err := range append(s.Commit(t.Context(), m.Entity("article"), changes), s.Close()) {
			if err != nil {
				t.Fatal(err)
			}
		}

		folder := siteFolder(t, map[string]string{"article.yaml": articleYAML})
		p := spawn(t, c.Data, nil, append(flags, "--entities", folder)...).ready()
		p.becomes(`{ serverJobs { plugin name outcome nextAt done total note error } }`, nil,
			`{"serverJobs":[{"plugin":"core:forms","name":"forms","outcome":"SUCCEEDED","nextAt":null,"done":"2","total":"2","note":"records brought into the form of today: 2; values that are not in it, which the log names: 1","error":null}]}`)
		if got, want := p.must(`{ articleBy(key: {code: "Körner"}) { updatedBy } articles(filter: {maker: {eq: "info1@müller.de"}}) { totalCount } }`, nil), `{"articleBy":{"updatedBy":"core:forms"},"articles":{"totalCount":1}}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		p.await(p.log, `another record has what it would be.*entity=article id=0190b7f2-\S+ field=code value=Körner other=0190b7f2-`)
		if got, want := refusal(p.ask(`mutation { runPluginJob(plugin: "core:forms", job: "forms") }`, nil, new(rawText))), "NOT_FOUND The plugin core:forms has no job forms, or does not run."; got != want {
			t.Errorf("once it is done: %s, want %s", got, want)
		}
		p.stop()
	})
}
