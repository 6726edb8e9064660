package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk"
)

const alikeYAML = `entity: alike
plural: alikes
fields:
  code: {type: text, unique: true, required: true, index: true}
  number: {type: autonumber, format: "A-{000}", unique: true}
  note: {type: text}
  title: {type: text, search: true}
  origin: {type: text, immutable: true}
  left: {type: integer, min: 0, index: true}
  worth: {type: decimal, index: true}
  total: {type: money, index: true}
  phone: {type: phone, index: true}
  due: {type: date, index: true}
  owner: {type: reference, to: customer}
  lines: {type: list, of: {type: object, fields: {product: {type: text, index: true}, quantity: {type: integer}, price: {type: money}}}}
  tags: {type: list, of: {type: text}}
  paper: {type: file, maxSize: 20, accept: [text/*]}
  papers: {type: list, of: {type: object, fields: {copy: {type: file}}}}
  state: {type: state, options: {open: {next: [done, lost]}, done: {}, lost: {next: [done]}, other: {initial: true}}, default: open, index: true}
`

const memberYAML = `role: member
of: party
fields:
  card: {type: text, unique: true}
  level: {type: text, default: basic}
  badge: {type: autonumber, format: "M-{000}", unique: true}
  locked: {type: text, immutable: true}
`

// leastRefusals is how many answers to the script are refusals, or a few less.
const leastRefusals = 130

// writingSteps are played in a mutation, each by itself, in any order.
var writingSteps = map[string]func(*stage){
	"what is found":    playFinding,
	"what is counted":  playCounting,
	"what is searched": playSearching,
	"what is worked":   playWorking,
	"what is filed":    playFiling,
	"what is created": func(s *stage) {
		create := func(what, entity string, values map[string]any) {
			r, err := s.Create(s, &sdk.Record{Entity: entity, Values: values})
			s.saved(what, r, err)
		}
		create("with defaults", "alike", map[string]any{"code": " created-1 ", "left": "7", "worth": "0.50", "due": "2026-02-03", "phone": "030 12345"})
		create("a code that is taken", "alike", map[string]any{"code": "created-1"})
		create("mistakes", "alike", map[string]any{"cod": "x", "left": -1, "worth": "much", "due": "2026-02-30", "tags": []any{"a", ""}, "state": "nowhere"})
		create("what the program keeps", "alike", map[string]any{"code": "created-2", "version": 7, "createdBy": "me"})
		create("no first state", "alike", map[string]any{"code": "created-2", "state": "done"})
		create("another first state", "alike", map[string]any{"code": "created-2", "state": "other"})
		create("nothing", "alike", nil)
		create("an entity that is not there", "alik", nil)
		create("a person", "party", map[string]any{"kind": "person", "displayName": "Ada"})
		create("a member", "member", map[string]any{"kind": "person", "displayName": "Ben", "card": "C-1"})
		create("a card that is taken", "member", map[string]any{"kind": "person", "displayName": "Cem", "card": "C-1"})
		create("a member without a name", "member", map[string]any{"card": "C-2"})
		create("a member since ever", "member", map[string]any{"kind": "person", "displayName": "Ben", "since": "2020-01-01T00:00:00Z"})
		create("data of a role that it has not", "party", map[string]any{"kind": "person", "displayName": "Dan", "member": map[string]any{"card": "C-3"}})
		create("a role by its name", "party", map[string]any{"kind": "person", "displayName": "Dan", "roles": []any{"member"}})
	},
	"what is updated": func(s *stage) {
		r := s.make("alike", map[string]any{"code": "updated-1", "origin": "mail", "left": 3})
		s.make("alike", map[string]any{"code": "updated-2"})
		s.update("a field", r, map[string]any{"note": "x"}, 0)
		s.update("nothing", r, map[string]any{"note": "x", "left": 3}, 0)
		s.update("an old version", r, map[string]any{"note": "y"}, 1)
		s.update("the version", r, map[string]any{"note": nil}, 2)
		s.update("what never changes", r, map[string]any{"origin": "phone"}, 0)
		s.update("what never goes", r, map[string]any{"origin": nil}, 0)
		s.update("what is required", r, map[string]any{"code": ""}, 0)
		s.update("a code that is taken", r, map[string]any{"code": "updated-2"}, 0)
		s.update("a way that there is not", r, map[string]any{"state": "other"}, 0)
		s.update("no state", r, map[string]any{"state": nil}, 0)
		s.update("a final state", r, map[string]any{"state": "done"}, 0)
		s.update("a way from there", r, map[string]any{"state": "lost"}, 0)
		s.update("several mistakes", r, map[string]any{"origin": "phone", "state": "open"}, 0)
		s.update("a mistake beside them", r, map[string]any{"origin": "phone", "state": "open", "left": "many"}, 0)
		s.update("no record", &sdk.Record{Entity: "alike", ID: "nowhere"}, map[string]any{"note": "x"}, 0)
		s.update("no member", s.make("party", map[string]any{"kind": "person", "displayName": "Ada"}), map[string]any{"note": "x"}, 0)
		s.update("a party as what it is not", &sdk.Record{Entity: "member", ID: s.ids[2]}, map[string]any{"card": "U-1"}, 0)
		s.update("data of a role that it has not", &sdk.Record{Entity: "party", ID: s.ids[2]}, map[string]any{"member": map[string]any{"card": "U-1"}}, 0)
	},
	"what is changed under a guard": func(s *stage) {
		r := s.make("alike", map[string]any{"code": "guarded-1", "left": 2, "worth": "0.1", "note": "x", "total": map[string]any{"amount": "1", "currency": "EUR"}})
		change := func(what string, guard sdk.Filter, change sdk.Change) {
			saved, err := s.UpdateIf(s, "alike", r.ID, guard, change)
			s.saved(what, saved, err)
		}
		some := sdk.Filter{"left": sdk.Filter{"gte": 1}}
		less := sdk.Change{Add: map[string]sdk.Decimal{"left": "-1", "worth": "0.2"}}
		change("one", some, less)
		change("another", some, less)
		change("one too many", some, less)
		change("below the least", nil, less)
		change("a guard without an index", sdk.Filter{"note": sdk.Filter{"eq": "x"}}, sdk.Change{Set: map[string]any{"note": "y"}})
		change("a guard of the version", sdk.Filter{"version": sdk.Filter{"eq": 4}}, sdk.Change{Set: map[string]any{"note": "z"}})
		change("a guard of another version", sdk.Filter{"version": sdk.Filter{"eq": 4}}, sdk.Change{Set: map[string]any{"note": "a"}})
		change("a guard of what is not", sdk.Filter{"lef": sdk.Filter{"gte": 1}}, less)
		change("an operator that there is not", sdk.Filter{"left": sdk.Filter{"atLeast": 1}}, less)
		change("a guard over a reference", sdk.Filter{"owner": sdk.Filter{"displayName": sdk.Filter{"eq": "Ada"}}}, less)
		change("an empty guard", sdk.Filter{}, sdk.Change{Set: map[string]any{"note": "b"}})
		change("amounts of what are no numbers", nil, sdk.Change{Add: map[string]sdk.Decimal{"note": "1", "nothing": "2", "lines.quantity": "3", "total.amount": "4"}})
		change("an amount that is none", nil, sdk.Change{Add: map[string]sdk.Decimal{"left": "a lot"}})
		change("a part of one", nil, sdk.Change{Add: map[string]sdk.Decimal{"left": "0.5"}})
		change("set and added", nil, sdk.Change{Set: map[string]any{"left": 5}, Add: map[string]sdk.Decimal{"left": "2"}})
	},
	"what is moved": func(s *stage) {
		r := s.make("alike", map[string]any{"code": "moved-1"})
		move := func(what, entity, id, to string, from ...string) {
			saved, err := s.Transition(s, entity, id, to, from...)
			s.saved(what, saved, err)
		}
		move("from elsewhere", "alike", r.ID, "done", "lost", "other")
		move("from there", "alike", r.ID, "lost", "other", "open")
		move("there already", "alike", r.ID, "lost")
		move("there already, but from elsewhere", "alike", r.ID, "lost", "open")
		move("a way that there is not", "alike", r.ID, "open")
		move("to no state", "alike", r.ID, "nowhere")
		move("from no state", "alike", r.ID, "done", "nowhere")
		move("nobody", "alike", "nowhere", "done")
		move("what has no state", "party", "nowhere", "done")
		move("without an id", "alike", "", "done")
	},
	"what is written together": func(s *stage) {
		r, other := s.make("alike", map[string]any{"code": "batch-1", "left": 2}), s.make("alike", map[string]any{"code": "batch-2"})
		batch := func(what, key string, writes ...sdk.Write) {
			saved, err := s.Batch(s, sdk.Batch{Key: key, Writes: writes})
			for i := range writes {
				if err == nil {
					s.saved(fmt.Sprint(what, " ", i), saved[i], nil)
				}
			}
			if err != nil {
				s.saved(what, nil, err)
			}
		}
		create := func(code string) sdk.Write {
			return sdk.Create(&sdk.Record{Entity: "alike", Values: map[string]any{"code": code}})
		}
		take := sdk.UpdateIf("alike", r.ID, sdk.Filter{"left": sdk.Filter{"gte": 1}}, sdk.Change{Add: map[string]sdk.Decimal{"left": "-1"}})
		code := func(id, code string) sdk.Write {
			return sdk.UpdateIf("alike", id, nil, sdk.Change{Set: map[string]any{"code": code}})
		}
		batch("one of each", "batch 1", take, create("batch-3"), sdk.Transition("alike", other.ID, "done", "open"),
			sdk.Upsert(&sdk.Record{Entity: "party", Values: map[string]any{"externalId": "B-1", "kind": "person", "displayName": "Eva"}}, "externalId"))
		batch("once more", "batch 1", take, create("batch-3"), sdk.Transition("alike", other.ID, "done", "open"),
			sdk.Upsert(&sdk.Record{Entity: "party", Values: map[string]any{"externalId": "B-1", "kind": "person", "displayName": "Eva"}}, "externalId"))
		batch("other writes", "batch 1", take)
		batch("a guard", "batch 2", create("batch-4"), take, sdk.Transition("alike", other.ID, "lost", "open"))
		batch("after which the key is free", "batch 2", create("batch-4"), take)
		batch("nothing left", "", create("batch-5"), take)
		batch("a code that is taken", "", code(other.ID, "batch-6"), create("batch-1"))
		batch("a code that another one leaves", "", code(other.ID, "batch-6"), create("batch-2"))
		batch("a code twice", "", create("batch-7"), create("batch-7"))
		batch("a record twice", "", take, code(r.ID, "batch-8"))
		batch("mistakes", "", create("batch-9"), sdk.Create(&sdk.Record{Entity: "alike", Values: map[string]any{"code": "batch-10", "left": -1, "cod": "x"}}))
		batch("nobody", "", create("batch-9"), sdk.Transition("alike", "nowhere", "done"))
		batch("what a rule refuses", "", create("batch-9"), sdk.Create(&sdk.Record{Entity: "alike", Values: map[string]any{"code": "batch-10", "note": "rejected"}}))
		batch("an entity that is not there", "", create("batch-9"), sdk.Create(&sdk.Record{Entity: "alik"}))
		batch("nothing that changes", "", code(r.ID, "batch-1"))
		batch("nothing", "")
		batch("a long key", strings.Repeat("k", 201), create("batch-9"))
		batch("what is free all the same", "", create("batch-5"), create("batch-6"), create("batch-9"), create("batch-10"))
	},
	"what is there or made": func(s *stage) {
		upsert := func(what, entity, by string, values map[string]any) {
			r, err := s.Upsert(s, &sdk.Record{Entity: entity, Values: values}, by)
			s.saved(what, r, err)
		}
		upsert("made", "alike", "code", map[string]any{"code": "upserted-1", "note": "x"})
		upsert("there", "alike", "code", map[string]any{"code": " upserted-1", "note": "y"})
		upsert("as it is", "alike", "code", map[string]any{"code": "upserted-1"})
		upsert("by what is not unique", "alike", "note", map[string]any{"note": "x"})
		upsert("by what is not there", "alike", "cod", map[string]any{"cod": "x"})
		upsert("by the id", "alike", "id", map[string]any{"id": "x"})
		upsert("by no value", "alike", "code", map[string]any{"note": "x"})
		upsert("by an empty value", "alike", "code", map[string]any{"code": " "})
		upsert("by a value of another type", "alike", "code", map[string]any{"code": 7})
		upsert("a party", "party", "externalId", map[string]any{"externalId": "E-1", "kind": "person", "displayName": "Eva"})
		upsert("which becomes a member", "member", "externalId", map[string]any{"externalId": "E-1"})
		upsert("and is one", "member", "externalId", map[string]any{"externalId": "E-1", "card": "E-2", "locked": "yes"})
		upsert("found by its card", "member", "card", map[string]any{"card": "E-2", "locked": "no"})
	},
	"what is numbered": func(s *stage) {
		s.make("alike", map[string]any{"code": "numbered-1", "number": "A-900"})
		for _, values := range []map[string]any{{"code": "numbered-2"}, {"code": "numbered-3", "number": "A-900"}, {"code": "numbered-4", "number": "by hand"}, {"code": "numbered-5"}} {
			r, err := s.Create(s, &sdk.Record{Entity: "alike", Values: values})
			if err == nil {
				r.Values = map[string]any{"number": r.Values["number"]}
			}
			s.saved(fmt.Sprint(values), r, err)
		}
	},
	"what is deleted": func(s *stage) {
		r := s.make("alike", map[string]any{"code": "deleted-1"})
		kept := s.make("alike", map[string]any{"code": "deleted-2", "note": "stays"})
		both := s.make("member", map[string]any{"kind": "person", "displayName": "Ada", "externalId": "D-1"})
		_, err := s.Upsert(s, &sdk.Record{Entity: "customer", Values: map[string]any{"externalId": "D-1"}}, "externalId")
		s.say("a customer", "made", err)
		remove := func(what, entity, id string, version int64) {
			s.say(what, "deleted", s.Delete(s, entity, id, version))
		}
		remove("nobody", "alike", "nowhere", 0)
		remove("an old version", "alike", r.ID, 7)
		remove("what a rule keeps", "alike", kept.ID, 0)
		remove("as what it is not", "supplier", both.ID, 0)
		remove("of an entity that is not there", "alik", r.ID, 0)
		remove("as one of what it is", "member", both.ID, 0)
		remove("as all that it is", "party", both.ID, 0)
		read, err := s.Get(s, "alike", r.ID)
		s.saved("as it was", read, err)
		remove("the version", "alike", r.ID, 1)
		remove("once more", "alike", r.ID, 0)
		s.update("afterwards", r, map[string]any{"note": "x"}, 0)
		_, err = s.Get(s, "alike", r.ID)
		s.say("to be read", nil, err)
		again, err := s.Create(s, &sdk.Record{Entity: "alike", Values: map[string]any{"code": "deleted-1", "number": "A-1d"}})
		s.saved("its code is free", again, err)
	},
	"what rules say": func(s *stage) {
		r := s.make("alike", map[string]any{"code": "ruled-1", "note": "sold"})
		s.update("what does not change", r, map[string]any{"note": "sold"}, 0)
		s.update("what changes", r, map[string]any{"left": 1}, 0)
		for _, note := range []string{"rejected", "forbidden", "spoilt"} {
			saved, err := s.Create(s, &sdk.Record{Entity: "alike", Values: map[string]any{"code": "ruled-2", "note": note}})
			s.saved(note, saved, err)
		}
		_, err := s.Create(s, &sdk.Record{Entity: "alike", Values: map[string]any{"code": "ruled-2", "note": "rejected", "left": "many"}})
		s.say("what does not fit is not asked about", nil, err)
	},
	"what is published": func(s *stage) {
		for _, name := range []string{"escalated", "created", "erased", "Escalated2", "two words", "a.b", "ä", ""} {
			s.say(name, "published", s.Publish(s, name, "k", map[string]any{"a": 1}))
		}
		s.say("nothing", "published", s.Publish(s, "escalated", "", nil))
		s.say("a long key", "published", s.Publish(s, "escalated", strings.Repeat("k", 201), nil))
		s.say("a long payload", "published", s.Publish(s, "escalated", "k", strings.Repeat("x", 1<<20)))
	},
	"what is scheduled": func(s *stage) {
		due := s.Now().Add(48 * time.Hour)
		for _, timer := range []sdk.Timer{
			{Name: "sla", Key: "a", DueAt: due}, {Name: "sla", Key: "a", DueAt: due.Add(time.Hour), Payload: 7}, {Name: "slo", DueAt: due}, {Name: "something", DueAt: due},
			{Name: "", DueAt: due}, {Name: "sla", Key: strings.Repeat("k", 197), DueAt: due}, {Name: "sla", Key: "b", DueAt: due, Payload: strings.Repeat("x", 1<<20)},
		} {
			s.say(fmt.Sprintf("set %s %.5s", timer.Name, timer.Key), "set", s.Schedule(s, timer))
		}
		for _, name := range []string{"sla", "sla", "slo"} {
			was, err := s.Cancel(s, name, "a")
			s.say("cancel "+name, was, err)
		}
	},
	"what is kept": func(s *stage) {
		var value any
		version := int64(0)
		put := func(what, key string, over int64, put any) {
			v, err := s.PutState(s, key, put, over, 0)
			if err == nil {
				version = v
			}
			s.say(what, v > 0, err)
		}
		read := func(what, key string) {
			v, err := s.State(s, key, &value)
			s.say(what, fmt.Sprint(v > 0, " ", value), err)
		}
		put("the first", "kept-1", 0, "a")
		first := version
		put("a second first", "kept-1", 0, "b")
		put("over another", "kept-1", 7, "b")
		put("over the first", "kept-1", version, "b")
		s.say("it has a later version", version > first, nil)
		put("over whatever there is", "kept-1", sdk.AnyVersion, "c")
		read("it", "kept-1")
		s.say("delete another", "deleted", s.DeleteState(s, "kept-1", first))
		s.say("delete it", "deleted", s.DeleteState(s, "kept-1", version))
		s.say("delete it again", "deleted", s.DeleteState(s, "kept-1", version))
		s.say("delete whatever there is", "deleted", s.DeleteState(s, "kept-1", sdk.AnyVersion))
		last := version
		put("after its end", "kept-1", 0, "d")
		s.say("it has a later version", version > last, nil)
		put("no key", "", sdk.AnyVersion, "a")
		put("a long key", strings.Repeat("k", 201), sdk.AnyVersion, "a")
		put("a long key over another version", strings.Repeat("k", 201), 7, "a")
		put("a long value", "kept-2", sdk.AnyVersion, strings.Repeat("x", 1<<20))
		read("no key", "")
		read("a long key", strings.Repeat("k", 201))
		read("nothing", "kept-3")
		s.say("delete no key", "deleted", s.DeleteState(s, "", 0))
		s.say("delete no key of a version", "deleted", s.DeleteState(s, "", 7))
	},
}
