package importer

import (
	"fmt"
	"hash/maphash"
)

// keys are those of the records that got in, with the line where each stood,
// by their hashes: 16 bytes for each record of the file.
type keys struct {
	plan  *plan
	seed  maphash.Seed
	lines map[uint64]int
}

func newKeys(p *plan) *keys {
	return &keys{plan: p, seed: maphash.MakeSeed(), lines: map[uint64]int{}}
}

// check refuses a key that stood in the file before: the later rows would
// silently replace the earlier ones, and a second import would do it again.
func (k *keys) check(r *record) {
	line, twice := k.lines[maphash.String(k.seed, r.key)]
	if r.key == "" || !twice || line == r.rows[0].Line {
		return
	}
	advice := "leave one of the two out"
	if k.plan.group != "" {
		advice = "the rows of one record must stand together"
	}
	r.fault(0, k.plan.key.path, fmt.Sprintf("%s is %q in line %d already; %s", k.plan.key.label, r.key, line, advice))
}

// note keeps the key of a record that got in. The rows of a group count in
// any case: what stands elsewhere under the same key is only a part of it.
func (k *keys) note(r *record) {
	if r.key == "" || len(r.faults) > 0 && k.plan.group == "" {
		return
	}
	hash := maphash.String(k.seed, r.key)
	if _, known := k.lines[hash]; !known {
		k.lines[hash] = r.rows[0].Line
	}
}

// apart takes the first record of each key. The others wait until it is known
// whether it got in.
func apart(records []*record) (firsts, others []*record) {
	taken := map[string]bool{}
	for _, r := range records {
		if r.key != "" && taken[r.key] {
			others = append(others, r)
			continue
		}
		taken[r.key] = true
		firsts = append(firsts, r)
	}
	return firsts, others
}
